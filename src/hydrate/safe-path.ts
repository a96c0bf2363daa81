import type { Buffer } from "node:buffer";

/** Code points that HFS+ ignores when it compares names (git: utf8.c, next_hfs_char). */
const ignoredByHfs = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g;

/**
 * True when a path from a repository may be written below the top of a worktree: relative, without empty, `.` or `..`
 * components, without NUL, and without any spelling of `.git` that some file system takes for the git dir (letter case,
 * NTFS short name, trailing dots and spaces, alternate streams, backslashes, characters that HFS+ ignores).
 * The rules are git's own (read-cache.c, verify_path), always with core.protectNTFS and core.protectHFS on.
 */
export function isSafePath(path: Buffer): boolean {
  if (path.length === 0 || path.includes(0)) return false;
  return path.toString("utf8").split("/").every(isSafeComponent);
}

function isSafeComponent(name: string): boolean {
  if (name === "" || name === "." || name === "..") return false;
  // NTFS ends a component at a backslash too; elsewhere that is a letter like any other.
  return !name.split("\\").some(isGitDir);
}

function isGitDir(name: string): boolean {
  const plain = name.replace(ignoredByHfs, "").toLowerCase();
  const onNtfs = (plain.split(":", 1)[0] ?? "").replace(/[ .]+$/, "");
  return plain === ".git" || onNtfs === ".git" || onNtfs === "git~1";
}

/** A path for a message: UTF-8 where it is, control and direction characters escaped so that a name cannot drive a terminal. */
export function showPath(path: Buffer): string {
  return path.toString("utf8").replace(/\p{Cc}|[\u202a-\u202e\u2066-\u2069]/gu, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
