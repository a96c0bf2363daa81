import { readFileSync } from "node:fs";
import { basename } from "node:path";

/** Options of git itself that take the next word. Source: git(1). */
const withValue = new Set([
  "-C",
  "-c",
  "--git-dir",
  "--work-tree",
  "--namespace",
  "--super-prefix",
  "--config-env",
  "--exec-path",
]);

/** How far up a git that started us can be: it may have asked a shell to. */
const generations = 3;

/**
 * The words of the git command that started this process, its own name first: `["log", "-p"]`. Undefined where the system does not tell (it has no /proc) or where
 * it was no git. Aliases come resolved, since git runs what they stand for as a command of its own.
 */
export function callingGit(): readonly string[] | undefined {
  let pid = process.ppid;
  for (let i = 0; i < generations; i++) {
    const words = wordsOf(pid);
    if (words === undefined) return undefined;
    if (basename(words[0] ?? "") === "git") return commandOf(words.slice(1));
    const parent = parentOf(pid);
    if (parent === undefined) return undefined;
    pid = parent;
  }
  return undefined;
}

/** What follows git's own options. */
export function commandOf(words: readonly string[]): readonly string[] {
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string;
    if (!word.startsWith("-")) return words.slice(i);
    if (withValue.has(word)) i++;
  }
  return [];
}

function wordsOf(pid: number): string[] | undefined {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
  } catch {
    return undefined;
  }
}

/** Source: proc(5), `/proc/pid/stat`: `pid (comm) state ppid …`, where comm may hold anything. */
function parentOf(pid: number): number | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    const parent = Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[1]);
    return Number.isInteger(parent) && parent > 0 ? parent : undefined;
  } catch {
    return undefined;
  }
}
