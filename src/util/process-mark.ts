import { existsSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { crc32 } from "./crc32.ts";

/**
 * Names of things that belong to a running process: host, pid and start time, so that a reused pid is not taken for the owner.
 * A name has the form `<host crc>-<pid>-<start>`.
 */
export function processMark(pid: number = process.pid): string {
  return `${hostMark()}-${pid}-${startOf(pid) ?? "0"}`;
}

/** The beginning of the mark of a process of this host that writes its own pid and `-0` behind it. */
export function markPrefix(): string {
  return `${hostMark()}-`;
}

/** False only when the process that made the mark ran on this host and is gone for certain. */
export function mayBeAlive(mark: string): boolean {
  const [host, pid, start] = mark.split("-");
  if (host !== hostMark()) return true;
  const number = Number(pid);
  if (!Number.isInteger(number) || number <= 0) return false;
  const now = startOf(number);
  if (now !== undefined) return start === "0" || now === start;
  const answer = signalOf(number);
  // Another user's, where /proc hides those.
  if (answer === "denied") return true;
  // One of ours that /proc does not show has ended, and nobody waited for it.
  return answer === "there" && start === "0" && !hasProc();
}

/** Whether a process of this host runs; one that ended and was not waited for does not. */
export function isRunning(pid: number): boolean {
  return startOf(pid) !== undefined || (!hasProc() && signalOf(pid) !== "gone");
}

function hostMark(): string {
  return crc32(hostName()).toString(16);
}

/** Node loads a module for `hostname`, which says the same: half a millisecond of a checkout. */
function hostName(): string {
  try {
    return readFileSync("/proc/sys/kernel/hostname", "utf8").trimEnd();
  } catch {
    return hostname();
  }
}

/** Start time of a process in clock ticks since boot (Linux, proc(5) stat field 22); undefined if there is none or no /proc. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A zombie is there until somebody asks how it ended, and does nothing any more.
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function hasProc(): boolean {
  return existsSync("/proc/self/stat");
}

function signalOf(pid: number): "there" | "denied" | "gone" {
  try {
    process.kill(pid, 0);
    return "there";
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM" ? "denied" : "gone";
  }
}
