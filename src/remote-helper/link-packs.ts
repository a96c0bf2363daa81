import { constants, copyFileSync, existsSync, linkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { onDisk } from "../error/disk-error.ts";
import { systemCode } from "../error/mlgit-error.ts";
import { packOfTips, packReached, reachMore } from "../git/mirror-pack.ts";
import { makeFolder, syncFolder } from "../util/durable.ts";
import type { Mirror } from "./mirror.ts";

export interface Wish {
  /** The remote's refs. */
  readonly refs: ReadonlyMap<string, string>;
  /** What git asks for. */
  readonly wanted: ReadonlySet<string>;
  /** What it was given before. */
  readonly given: readonly string[];
}

/**
 * Gives a new repository everything that a mirror has, without a byte being copied where the file system can link. Tags of history that nobody asked for would
 * then follow, since git takes those whose commits are there: in such a case only what is asked for is packed.
 * @returns the file that keeps the pack with all tips. git takes it away, and knows by it that what they reach was checked: the mirror has done that.
 */
export async function giveFromMirror(mirror: Mirror, objects: string, wish: Wish): Promise<string | undefined> {
  const { refs, wanted, given } = wish;
  const tips = [...wanted];
  const tags = [...refs].flatMap(([name, oid]) => (name.startsWith("refs/tags/") && !wanted.has(oid) ? [oid] : []));
  if (tags.length === 0 || !(await reachMore(mirror.path, tags, [...tips, ...given])))
    return linkMirror(mirror, objects, [...new Set(refs.values())]);
  onDisk("write", objects, () => makeFolder(join(objects, "pack")));
  return keepFile(objects, await packReached(mirror.path, objects, { tips, known: given }));
}

async function linkMirror(mirror: Mirror, objects: string, tips: readonly string[]): Promise<string | undefined> {
  const { packs } = mirror;
  linkPacks(packs, objects);
  const [only] = packs;
  const pack = only && packs.length === 1 ? basename(only) : await packOfTips(mirror.path, objects, tips);
  return keepFile(objects, pack);
}

function keepFile(objects: string, pack: string): string | undefined {
  // It would end the line by which git is told.
  if (objects.includes("\n")) return undefined;
  const keep = join(objects, "pack", `${pack}.keep`);
  onDisk("write", keep, () => writeFileSync(keep, "git-remote-mlgit\n"));
  return keep;
}

/** Puts pack files, given without their ends, into a repository: links where possible, else copies. The index comes last, since git looks for that. */
function linkPacks(packs: readonly string[], objects: string): void {
  const folder = join(objects, "pack");
  onDisk("write", folder, () => {
    makeFolder(folder);
    for (const pack of packs)
      for (const end of [".pack", ".rev", ".idx"])
        if (existsSync(pack + end)) linkOrCopy(pack + end, join(folder, basename(pack) + end));
    syncFolder(folder);
  });
}

function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    const code = systemCode(error) ?? "";
    if (code === "EEXIST") return;
    if (!["EXDEV", "EPERM", "EMLINK", "ENOTSUP", "ENOSYS"].includes(code)) throw error;
    copyFileSync(from, to, constants.COPYFILE_FICLONE);
  }
}
