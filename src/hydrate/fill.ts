import type { Buffer } from "node:buffer";
import {
  type BigIntStats,
  constants,
  copyFileSync,
  linkSync,
  lstatSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { systemCode } from "../error/mlgit-error.ts";
import { uniqueName } from "../util/durable.ts";

/** What a file system says when it has no reflinks, or none between these two places. */
const noReflink = ["ENOTSUP", "EOPNOTSUPP", "EXDEV", "ENOSYS", "EINVAL", "ENOTTY"];
/** The same for hard links; EMLINK: the inode has as many as it can. */
const noLink = ["EMLINK", "EXDEV", "EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"];

/** Verified: a whole file of the cache, or bytes. `copy`: the same bytes once more, in a file that may be taken and may be gone. */
export type FillContent =
  | { readonly kind: "file"; readonly path: string; readonly copy?: Buffer }
  | { readonly kind: "bytes"; readonly content: Uint8Array };

/**
 * Makes `temp` hold the content in the cheapest way that is safe: a reflink wherever the file system has them, else a read-only hard link where the file
 * must not be changed anyway and a store has the content too (`mayShare`), else a copy. When the inode is shared with the cache: what it was just before.
 */
export function fill(temp: Buffer, content: FillContent, mayShare: boolean): BigIntStats | undefined {
  if (content.kind === "bytes") {
    writeFileSync(temp, content.content, { flag: "wx" });
    return undefined;
  }
  const made = mayShare ? link(temp, content.path) : undefined;
  if (made) return made.before;
  // It grew in the git dir, and the worktree may lie on another file system.
  if (!content.copy || !tryTo(["ENOENT", "EXDEV"], () => renameSync(content.copy as Buffer, temp)))
    copyFileSync(content.path, temp, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  return undefined;
}

export interface Link {
  readonly how: "reflink" | "hard link";
  /** The linked file just before it got this name. */
  readonly before?: BigIntStats;
}

/** What these answers say of one file they say of all in the same folder. */
const never = ["ENOTSUP", "EOPNOTSUPP", "ENOSYS", "ENOTTY"];
/** Folders, one character a byte, where a reflink was refused for good: a refusal makes a file, removes it again, and costs more than the link. */
const withoutReflinks = new Set<string>();

/** Makes `temp` a file that takes no room of its own; undefined, and no file, where the file system can do neither. */
export function link(temp: Buffer, path: string): Link | undefined {
  const clone = constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE;
  if (tryReflink(temp, () => copyFileSync(path, temp, clone))) return { how: "reflink" };
  const before = lstatSync(path, { bigint: true });
  return tryTo(noLink, () => linkSync(path, temp)) ? { how: "hard link", before } : undefined;
}

/** Whether files of the folder `from` can become files of the folder that `to` names a new file in, without anybody's copying their bytes. */
export function canReflink(from: string, to: Buffer): boolean {
  const probe = join(from, `.${uniqueName()}.tmp`);
  try {
    writeFileSync(probe, "x", { flag: "wx" });
    return tryReflink(to, () => copyFileSync(probe, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE));
  } finally {
    for (const file of [probe, to]) rmSync(file, { force: true });
  }
}

function tryReflink(temp: Buffer, work: () => void): boolean {
  const folder = temp.toString("latin1", 0, temp.lastIndexOf("/"));
  if (withoutReflinks.has(folder)) return false;
  return tryTo(noReflink, () => {
    try {
      work();
    } catch (error) {
      if (never.includes(systemCode(error) ?? "")) withoutReflinks.add(folder);
      throw error;
    }
  });
}

/** False when the file system answers that it has no such thing. */
function tryTo(refusals: readonly string[], work: () => void): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if (refusals.includes(systemCode(error) ?? "")) return false;
    throw error;
  }
}
