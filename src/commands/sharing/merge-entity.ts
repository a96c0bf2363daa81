import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { EntityPlace } from "../../entity/entity-path.ts";
import { onDisk } from "../../error/disk-error.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import type { Repository } from "../../git/repository.ts";
import { gitIn } from "../../git/repository.ts";
import type { FolderEntries, FolderEntry } from "../../git/switch-tree.ts";
import { uniqueName } from "../../util/durable.ts";
import { textOf, writeText } from "./adopt.ts";

export interface ThreeStates {
  /** What was imported. */
  readonly base: FolderEntries;
  /** What is here. */
  readonly ours: FolderEntries;
  /** What is to be imported. */
  readonly theirs: FolderEntries;
}

/**
 * Joins what was done here with what was done there. Files are taken whole; in the spec both sides may have changed different lines.
 * @throws MlgitError kind `conflict` with every path that both sides changed.
 */
export async function mergeEntity(
  repository: Repository,
  place: EntityPlace,
  states: ThreeStates,
): Promise<Map<string, FolderEntry>> {
  const merged = new Map<string, FolderEntry>();
  const clashes: string[] = [];
  const spec = Buffer.from(`${place.name}.spec`).toString("latin1");
  const paths = new Set([...states.base.keys(), ...states.ours.keys(), ...states.theirs.keys()]);
  for (const path of paths) {
    const [base, ours, theirs] = [states.base.get(path), states.ours.get(path), states.theirs.get(path)];
    const result = same(ours, base)
      ? { entry: theirs }
      : same(theirs, base) || same(ours, theirs)
        ? { entry: ours }
        : undefined;
    const joined = result ?? (path === spec ? await mergeText(repository, { base, ours, theirs }) : undefined);
    if (!joined) clashes.push(path);
    else if (joined.entry) merged.set(path, joined.entry);
  }
  if (clashes.length > 0) throw conflict(place, clashes);
  return merged;
}

function same(a: FolderEntry | undefined, b: FolderEntry | undefined): boolean {
  return a?.blob === b?.blob && a?.mode === b?.mode;
}

type Sides = Readonly<Record<"base" | "ours" | "theirs", FolderEntry | undefined>>;

/** git's own merge of lines; undefined where the same lines differ. */
async function mergeText(repository: Repository, sides: Sides): Promise<{ entry: FolderEntry } | undefined> {
  if (!sides.base || !sides.ours || !sides.theirs) return undefined;
  const name = join(repository.gitDir, `mlgit-merge-${uniqueName()}`);
  const files = (["ours", "base", "theirs"] as const).map((side) => ({ file: `${name}-${side}`, entry: sides[side] }));
  try {
    for (const { file, entry } of files) {
      const text = await textOf(repository, entry);
      onDisk("write", file, () => writeFileSync(file, text));
    }
    const args = ["merge-file", "-p", "-q", ...files.map(({ file }) => file)];
    // The code is the number of conflicts, or 255 and the like for what is no text.
    const codes = Array.from({ length: 256 }, (_, i) => i);
    const { code, stdout } = await gitIn(repository, args, { okCodes: codes });
    return code === 0
      ? { entry: { mode: sides.ours.mode, blob: await writeText(repository, stdout.toString("utf8")) } }
      : undefined;
  } finally {
    for (const { file } of files) rmSync(file, { force: true });
  }
}

function conflict(place: EntityPlace, paths: readonly string[]): MlgitError {
  const shown = paths.slice(0, 20).map((path) => `  ${place.folder}/${Buffer.from(path, "latin1").toString("utf8")}`);
  if (paths.length > shown.length) shown.push(`  … and ${paths.length - shown.length} more`);
  return new MlgitError("conflict", `changed here and there since the import:\n${shown.join("\n")}`, {
    path: place.folder,
    hint: `nothing was changed; take what you changed back (git log -- ${place.folder}), or import the version under another name: git mlgit import --as`,
  });
}
