/** Bytes that disks take whole, wherever they lie: writes past the page cache begin and end at such. */
export const diskBlock = 4096;

/** ext2 to ext4, and XFS, by statfs(2): where it is known to be faster. A network mount would wait for its server at each write. */
const fileSystems = new Set([0xef53, 0x5846_5342]);
/** The memory does not begin where the disk wants it to, or the file system has no such thing after all. */
const refusals = ["EINVAL", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"];

/** Whether files of this file system may be written past the page cache. @param type of statfs(2) */
export function takesDirectWrites(type: number): boolean {
  return process.platform === "linux" && fileSystems.has(type);
}

/** Whether an open or a write failed only because it was to go past the page cache. */
export function isDirectRefused(error: unknown): boolean {
  return refusals.includes((error as NodeJS.ErrnoException).code ?? "");
}
