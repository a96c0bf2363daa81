import { lstatSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { isData } from "../entity/entity-path.ts";
import { parseSpec, type Spec } from "../entity/spec.ts";
import { editSpec } from "../entity/spec-edit.ts";
import { onDisk } from "../error/disk-error.ts";
import { blobOid, writeBlobs } from "../git/blob-pack.ts";
import { openCatFile } from "../git/cat-file.ts";
import type { Repository } from "../git/repository.ts";
import { stageEntries } from "../git/stage.ts";
import { listIndex, type TreeFile } from "../git/tree-scan.ts";
import { parsePointer, pointerLimit } from "../pointer/pointer.ts";
import { writeDurable } from "../util/durable.ts";
import { formatBytes } from "../util/format-bytes.ts";
import type { EntitySpec } from "./entity-specs.ts";

export interface Filling {
  readonly spec: EntitySpec;
  readonly parsed: Spec;
  /** The spec's text before the commit. */
  readonly before: string | undefined;
}

/**
 * Writes the number of data files and their bytes into a staged spec whose version rises, and into the file of the worktree. Between versions
 * the spec is left alone, so that branches which both add files do not conflict in it.
 */
export async function fillManifest(repository: Repository, { spec, parsed, before }: Filling): Promise<void> {
  const old = before === undefined ? undefined : parseSpec(before, spec.place).spec;
  if (old && old.version >= parsed.version) return;
  const { amount, bytes } = await measure(repository, spec);
  const top = spec.place.kind.name;
  const edits = [
    { keys: [top, "manifest", "amount"], value: amount },
    { keys: [top, "manifest", "size"], value: formatBytes(bytes) },
  ];
  const text = editSpec(spec.text, edits);
  if (text === spec.text) return;
  const content = Buffer.from(text);
  const blob = blobOid(repository, content);
  await writeBlobs(repository, [content]);
  await stageEntries(repository, [{ path: Buffer.from(spec.place.spec), mode: "100644", blob }]);
  if (repository.workTree !== undefined) editFile(repository.workTree, spec.place.spec, (now) => editSpec(now, edits));
}

async function measure(repository: Repository, { place }: EntitySpec): Promise<{ amount: number; bytes: number }> {
  const files: TreeFile[] = [];
  const skip = Buffer.byteLength(place.folder) + 1;
  for await (const file of listIndex(repository, [`:(top,literal)${place.folder}/`]))
    if (isData(file.path.subarray(skip).toString("utf8"), place.name))
      files.push({ ...file, path: Buffer.from(file.path) });
  const cat = await openCatFile(repository);
  try {
    const infos = await cat.info(files.map(({ blob }) => blob));
    const small = files.filter((_, i) => (infos[i]?.size ?? 0) < pointerLimit && infos[i]?.type === "blob");
    const contents = await cat.contents(small.map(({ blob }) => blob));
    const pointers = contents.reduce((sum, { bytes }) => sum + (parsePointer(bytes)?.size ?? bytes.length), 0);
    const raw = infos.reduce((sum, { size }) => sum + (size >= pointerLimit ? size : 0), 0);
    return { amount: files.length, bytes: pointers + raw };
  } finally {
    cat.close();
  }
}

/** A spec that somebody is in the middle of editing keeps their words; one that cannot be read, or lies behind a symlink, is left alone. */
export function editFile(top: string, path: string, edit: (text: string) => string): void {
  const file = join(top, path);
  if (lstatSync(file, { throwIfNoEntry: false })?.isFile() !== true) return;
  if (realpathSync(dirname(file)) !== join(realpathSync(top), dirname(path))) return;
  const text = readFileSync(file, "utf8");
  let edited: string;
  try {
    edited = edit(text);
  } catch {
    return;
  }
  if (edited !== text) onDisk("write", file, () => writeDurable(file, edited, { mode: lstatSync(file).mode & 0o777 }));
}
