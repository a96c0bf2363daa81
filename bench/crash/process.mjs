import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** Starts a program in a process group of its own. `done` resolves with exit code and output, however it ends. */
export function start(program, args, options) {
  const child = spawn(program, args, { ...options, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const parts = [];
  child.stdout.on("data", (part) => parts.push(part));
  child.stderr.on("data", (part) => parts.push(part));
  const done = new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? 128, text: Buffer.concat(parts).toString("utf8") }));
  });
  return { pid: child.pid, done };
}

/** The processes of a group that are alive: [{ pid, name }]. Linux. */
export function membersOf(group) {
  return readdirSync("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
      const [state, , pgrp] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      const name = readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0").slice(0, 3).join(" ");
      return Number(pgrp) === group && state !== "Z" ? [{ pid: Number(pid), name }] : [];
    } catch {
      return [];
    }
  });
}

/** Kills one process or a whole group (negative) and says whether there was anything. */
export function kill(pid) {
  try {
    process.kill(pid, "SIGKILL");
    return true;
  } catch {
    return false;
  }
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until nobody of a group is left: an orphan goes on after its parent was killed. */
export async function untilGone(group) {
  for (let tries = 0; membersOf(group).length > 0; tries++) {
    if (tries > 600) kill(-group);
    await sleep(10);
  }
}
