import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "@jest/globals";
import { isRunning, markPrefix, mayBeAlive, processMark } from "../../src/util/process-mark.ts";

const itOnLinux = process.platform === "linux" ? it : it.skip;

/** A process that has ended and that its parent does not wait for, until `end` is called. */
async function zombie(): Promise<{ pid: number; end(): Promise<void> }> {
  const parent = spawn("sh", ["-c", "sleep 0 & echo $!; exec sleep 300"], { stdio: ["ignore", "pipe", "ignore"] });
  const ended = new Promise((resolve) => parent.on("exit", resolve));
  const pid = Number(await new Promise((resolve) => parent.stdout.once("data", resolve)));
  while (!/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "latin1"))) await sleep(10);
  return {
    pid,
    async end() {
      parent.kill();
      await ended;
    },
  };
}

describe("the mark of a process", () => {
  it("counts while it runs, however it was written, and everybody's of another host", () => {
    expect(mayBeAlive(processMark())).toBe(true);
    expect(mayBeAlive(`${markPrefix()}${process.pid}-0`)).toBe(true);
    expect(mayBeAlive("1f-1-0")).toBe(true);
    expect(mayBeAlive(`${markPrefix()}0-0`)).toBe(false);
  });

  itOnLinux("counts no more when another process has its number", () => {
    expect(mayBeAlive(`${markPrefix()}${process.pid}-1`)).toBe(false);
  });

  itOnLinux("counts no more when it has ended, though nobody waited for it", async () => {
    const { pid, end } = await zombie();
    try {
      expect(isRunning(pid)).toBe(false);
      expect(mayBeAlive(`${markPrefix()}${pid}-0`)).toBe(false);
      expect(mayBeAlive(processMark(pid))).toBe(false);
    } finally {
      await end();
    }
  });
});
