import { readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { createDurable, takeName, uniqueName } from "./durable.ts";
import { mayBeAlive, processMark } from "./process-mark.ts";

const markPattern = /^[0-9a-f]+-\d+-\d+$/;

/** Makes a lock that says whose it is; false when somebody has it. */
export function takeLock(path: string): boolean {
  return createDurable(path, processMark());
}

/** What somebody whom it keeps waiting can do: an owner on another machine may be gone, and nobody here can tell. */
export function howToFree(path: string): string {
  return `wait for it; if it is gone for certain, remove ${path}`;
}

/** The mark of the process that has the lock: empty while it takes it, undefined when nobody has it. */
export function lockOwner(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** The mark of whoever has the lock, or is about to: undefined when that is nobody, or one that is gone. */
export function livingOwner(path: string): string | undefined {
  const mark = lockOwner(path);
  if (mark !== "") return mark !== undefined && mayBeAlive(mark) ? mark : undefined;
  // Its taker may have put the mark in its place between the two looks.
  return takerOf(path) ?? (lockOwner(path) === "" ? undefined : livingOwner(path));
}

/** Takes a lock away from an owner that is gone. False when the owner may be alive. */
export function removeAbandoned(path: string): boolean {
  const mark = lockOwner(path);
  if (mark === undefined) return true;
  if (livingOwner(path) !== undefined) return false;
  const aside = `${path}.${uniqueName()}`;
  try {
    renameSync(path, aside);
    // Somebody was faster, and this is a lock that was made since: it goes back.
    if (lockOwner(aside) !== mark) takeName(aside, path);
  } catch (error) {
    if (!["ENOENT", "EEXIST"].includes(codeOf(error) ?? "")) throw error;
  } finally {
    rmSync(aside, { force: true });
  }
  return true;
}

/**
 * Where there are no hard links, a lock is empty until the file with the mark, which lies beside it, takes its place. One that nobody alive is about to replace
 * was left by a killed process.
 */
function takerOf(path: string): string | undefined {
  const folder = dirname(path);
  return readdirSync(folder)
    .filter((name) => name.endsWith(".tmp") || name.startsWith(`${basename(path)}.`))
    .map((name) => lockOwner(join(folder, name)) ?? "")
    .find((mark) => markPattern.test(mark) && mayBeAlive(mark));
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
