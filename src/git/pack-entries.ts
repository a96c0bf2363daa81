import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isMlgitError, systemCode } from "../error/mlgit-error.ts";
import { uniqueName } from "../util/durable.ts";
import { mayBeAlive, processMark } from "../util/process-mark.ts";
import { noLazyFetch } from "./lazy-fetch.ts";
import { gitIn, type Repository } from "./repository.ts";

export interface PackEntry {
  /** Where it begins in its pack. */
  readonly offset: number;
  /** The object's id, raw. */
  readonly oid: Buffer;
}

/** What is written is read once and thrown away. */
const cheaply = ["core.compression=0", "core.looseCompression=0", "core.fsync=none", "pack.writeReverseIndex=false"];

/**
 * The entries of a pack, which may build on objects of the repository, in their order; nothing is added to the repository.
 * @returns undefined when git does not take the pack, or nothing can be written beside the objects.
 */
export async function packEntries(repository: Repository, pack: Buffer): Promise<PackEntry[] | undefined> {
  const folder = temporaryFolder(join(repository.commonDir, "objects"));
  if (!folder) return undefined;
  try {
    const [packFile, indexFile] = [join(folder, "p.pack"), join(folder, "p.idx")];
    const how = ["--threads=1", "--stdin", "--fix-thin", "-o", indexFile, packFile];
    const args = [...cheaply.flatMap((one) => ["-c", one]), "index-pack", ...how];
    await gitIn(repository, args, { input: pack, env: noLazyFetch });
    const hashSize = repository.objectFormat === "sha256" ? 32 : 20;
    const end = pack.length - hashSize;
    // What git has added, so that the pack is complete, comes after that.
    return readIndex(readFileSync(indexFile), hashSize).filter(({ offset }) => offset < end);
  } catch (error) {
    if (isMlgitError(error) && error.kind === "incomplete") return undefined;
    throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `git gc` and `git prune` know the beginning of this name: they remove what is old, should nobody come by here any more. */
const prefix = "tmp_objdir-mlgit-";

/** A folder beside the objects, where a whole pack has room. What a killed process left there goes. */
function temporaryFolder(objects: string): string | undefined {
  const folder = join(objects, `${prefix}${processMark()}-${uniqueName()}`);
  try {
    for (const name of readdirSync(objects))
      if (name.startsWith(prefix) && !mayBeAlive(name.slice(prefix.length)))
        rmSync(join(objects, name), { recursive: true, force: true });
    mkdirSync(folder);
    return folder;
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}

/** gitformat-pack(5), version 2 of an index, of a pack below 2 GiB: by offset. */
function readIndex(bytes: Buffer, hashSize: number): PackEntry[] {
  const fanEnd = 8 + 256 * 4;
  const count = bytes.readUInt32BE(fanEnd - 4);
  const offsets = fanEnd + count * (hashSize + 4);
  const entries = Array.from({ length: count }, (_, i) => {
    const at = fanEnd + i * hashSize;
    return { oid: bytes.subarray(at, at + hashSize), offset: bytes.readUInt32BE(offsets + i * 4) };
  });
  return entries.sort((a, b) => a.offset - b.offset);
}
