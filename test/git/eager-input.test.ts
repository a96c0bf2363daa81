import { spawn, spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readlinkSync, readSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "@jest/globals";
import { EagerInput } from "../../src/git/eager-input.ts";

const folder = mkdtempSync(join(tmpdir(), "mlgit-eager-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Everything that a shell script writes into a pipe, read in pieces of at most 64 bytes; and how many descriptors the pipe had then. */
function readAll(script: string): { text: string; reads: number; opened: number } {
  const pipe = join(folder, "pipe");
  spawnSync("mkfifo", [pipe]);
  const writer = spawn("sh", ["-c", `exec >"${pipe}"; ${script}`], { stdio: "ignore" });
  const fd = openSync(pipe, "r");
  try {
    const input = new EagerInput(fd);
    const into = Buffer.alloc(64);
    const parts: string[] = [];
    for (let got = input.read(into, 0); got > 0; got = input.read(into, 0)) parts.push(into.toString("utf8", 0, got));
    return { text: parts.join(""), reads: parts.length, opened: descriptorsOf(pipe) };
  } finally {
    closeSync(fd);
    writer.kill();
    rmSync(pipe);
  }
}

function descriptorsOf(path: string): number {
  const mine = spawnSync("ls", [`/proc/${process.pid}/fd`], { encoding: "utf8" })
    .stdout.trim()
    .split("\n");
  return mine.filter((fd) => {
    try {
      return readlinkSync(`/proc/${process.pid}/fd/${fd}`) === path;
    } catch {
      return false;
    }
  }).length;
}

const numbers = (count: number) => Array.from({ length: count }, (_, i) => `${i}\n`).join("");

describe("an input that is looked at before it is waited for", () => {
  it("gives what a fast writer writes, in order, to its end", () => {
    const { text } = readAll("seq 0 4999");
    expect(text).toBe(numbers(5000));
  });

  it("waits for a writer that is slow again and again", () => {
    const { text, reads } = readAll("for i in $(seq 0 59); do echo $i; sleep .005; done");
    expect(text).toBe(numbers(60));
    expect(reads).toBeGreaterThan(30);
  });

  it("opens the pipe a second time only after the first reads", () => {
    expect(readAll("echo one").opened).toBe(1);
    expect(readAll("seq 0 4999").opened).toBe(process.platform === "linux" ? 2 : 1);
  });

  it("reads a file on from where it is, never from its beginning", () => {
    const path = join(folder, "file");
    writeFileSync(path, numbers(500));
    const fd = openSync(path, "r");
    readSync(fd, Buffer.alloc(4));
    const input = new EagerInput(fd);
    const into = Buffer.alloc(10);
    let text = "";
    for (let got = input.read(into, 0); got > 0; got = input.read(into, 0)) text += into.toString("utf8", 0, got);
    closeSync(fd);
    expect(text).toBe(numbers(500).slice(4));
  });

  it("writes behind what is there already, as a read does", () => {
    const pipe = join(folder, "behind");
    spawnSync("mkfifo", [pipe]);
    const writer = spawn("sh", ["-c", `seq 0 99 >"${pipe}"`], { stdio: "ignore" });
    const fd = openSync(pipe, "r");
    const input = new EagerInput(fd);
    const into = Buffer.alloc(400);
    let end = 0;
    for (let got = input.read(into.subarray(0, end + 8), end); got > 0; ) {
      end += got;
      got = input.read(into.subarray(0, end + 8), end);
    }
    closeSync(fd);
    writer.kill();
    expect(into.toString("utf8", 0, end)).toBe(numbers(100));
  });
});
