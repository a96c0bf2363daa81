import { openCatFile } from "../../git/cat-file.ts";
import { findInHistory, type HistoryFiles, listHistory, pathsUnder } from "../../git/history-files.ts";
import { scanPointers } from "../../git/pointer-scan.ts";
import { quotePath } from "../../git/quote-path.ts";
import type { Repository } from "../../git/repository.ts";
import { convertAttributes } from "../../migrate/lfs-attributes.ts";
import type { LfsContent } from "../../migrate/lfs-objects.ts";
import { type LfsPointer, parseLfsPointer } from "../../pointer/lfs-pointer.ts";
import type { Problem } from "./report.ts";

/** What the history has of git-lfs. */
export interface LfsHistory {
  readonly commits: readonly string[];
  /** By path (latin1): git-lfs's pointers that a .gitattributes of some commit tracks there, by blob. */
  readonly pointers: ReadonlyMap<string, LfsPointer>;
  readonly tracked: ReadonlySet<string>;
  readonly contents: readonly LfsContent[];
  /** New text, one character a byte, of .gitattributes blobs. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly files: number;
  readonly lockable: readonly string[];
  readonly problems: readonly Problem[];
}

/** Looks through every commit that the tips reach. */
export async function readHistory(repository: Repository, tips: readonly string[]): Promise<LfsHistory> {
  const pointers = new Map<string, LfsPointer>();
  for await (const blobs of scanPointers(repository, { include: tips, exclude: [] }))
    for (const { blob, bytes } of blobs) {
      const pointer = parseLfsPointer(bytes);
      if (pointer) pointers.set(blob, pointer);
    }
  const history = await listHistory(repository, tips);
  const trees = history.map(({ tree }) => tree);
  const { paths, states } = await findInHistory(repository, trees, (blob) => pointers.has(blob));
  const all = [...paths.keys()];
  const tracked = new Set<string>();
  // Ours too: with --allow-missing an earlier run left pointers of git-lfs under them.
  for (const state of states)
    for (const path of await pathsUnder(repository, state, all, ["lfs", "mlgit"])) tracked.add(path);
  const attributeBlobs = states.flatMap((state) => state.map(({ blob }) => blob));
  return {
    commits: history.map(({ commit }) => commit),
    pointers,
    tracked,
    ...judge(paths, pointers, tracked),
    ...(await convertAll(repository, attributeBlobs)),
  };
}

function judge(
  paths: HistoryFiles["paths"],
  pointers: ReadonlyMap<string, LfsPointer>,
  tracked: ReadonlySet<string>,
): Pick<LfsHistory, "contents" | "problems" | "files"> {
  const contents = new Map<string, LfsContent>();
  const problems: Problem[] = [];
  let files = 0;
  for (const [path, blobs] of paths) {
    const shown = quotePath(Buffer.from(path, "latin1"));
    if (!tracked.has(path)) {
      problems.push({ path: shown, reason: "a pointer of git-lfs that no .gitattributes line ever tracked" });
      continue;
    }
    for (const blob of blobs) {
      const { oid, size, extensions } = pointers.get(blob) as LfsPointer;
      if (extensions.length > 0) {
        problems.push({ path: shown, reason: `its bytes went through git-lfs's extension ${extensions.join(", ")}` });
        continue;
      }
      files++;
      if (size > 0 && !contents.has(oid)) contents.set(oid, { oid, size, path: shown });
    }
  }
  return { contents: [...contents.values()], problems, files };
}

async function convertAll(
  repository: Repository,
  blobs: readonly string[],
): Promise<Pick<LfsHistory, "attributes" | "lockable">> {
  const attributes = new Map<string, string>();
  const lockable: string[] = [];
  const cat = await openCatFile(repository);
  try {
    for (const { oid, bytes } of await cat.contents([...new Set(blobs)])) {
      const converted = convertAttributes(bytes.toString("latin1"));
      if (converted.changed > 0) attributes.set(oid, converted.text);
      lockable.push(...converted.lockable);
    }
    return { attributes, lockable };
  } finally {
    cat.close();
  }
}
