import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "@jest/globals";
import { createProgress, progressLine } from "../../src/cli/progress.ts";

class FakeTerminal {
  readonly columns = 60;
  readonly isTTY: boolean;
  text = "";
  constructor(isTTY: boolean) {
    this.isTTY = isTTY;
  }
  write(text: string): boolean {
    this.text += text;
    return true;
  }
}

async function eventually(check: () => boolean): Promise<void> {
  while (!check()) await sleep(10);
}

describe("progress", () => {
  it("counts without totals, and says how long with them", () => {
    expect(progressLine("Adding", { files: 3, bytes: 5e6, totalFiles: 0, totalBytes: 0 }, 2)).toBe(
      "Adding: 3 files, 5.0 MB, 2.5 MB/s",
    );
    expect(progressLine("Pushing", { files: 3, bytes: 5e6, totalFiles: 9, totalBytes: 20e6 }, 2)).toBe(
      "Pushing: 3/9 files, 5.0 MB of 20 MB, 2.5 MB/s, 0:06 left",
    );
  });

  it("draws one line on a terminal and erases it at the end", async () => {
    const terminal = new FakeTerminal(true);
    const progress = createProgress("Pushing", { quiet: false, terminal, delay: 0 });
    progress.advance(1, 1000);
    await eventually(() => terminal.text.includes("Pushing: 1 file, 1.0 kB"));
    progress.done();
    const afterDone = terminal.text.length;
    expect(terminal.text).not.toContain("\n");
    expect(terminal.text.lastIndexOf("\u001b[0K")).toBeGreaterThan(terminal.text.lastIndexOf("Pushing"));
    await sleep(300);
    expect(terminal.text).toHaveLength(afterDone);
  });

  it("is the line of what was begun last, as long as that goes on", async () => {
    const terminal = new FakeTerminal(true);
    const [outer, inner] = ["Hydrating", "Fetching"].map((title) =>
      createProgress(title, { quiet: false, terminal, delay: 0 }),
    );
    await eventually(() => terminal.text.includes("Fetching"));
    const before = terminal.text.length;
    await sleep(700);
    expect(terminal.text.slice(before)).toContain("Fetching");
    expect(terminal.text.slice(before)).not.toContain("Hydrating");
    inner?.done();
    const after = terminal.text.length;
    await eventually(() => terminal.text.slice(after).includes("Hydrating"));
    outer?.done();
    expect(terminal.text.slice(after)).not.toContain("Fetching");
  });

  it("is one line at the end where it was asked for without a terminal", () => {
    const terminal = new FakeTerminal(false);
    const progress = createProgress("Receiving packs", { quiet: false, isForced: true, terminal });
    progress.advance(0, 1000);
    progress.done();
    expect(terminal.text).toMatch(/^Receiving packs: 1\.0 kB, .*\/s, done\.\n$/);
  });

  it("is silent before its delay, without a terminal and when asked to be", async () => {
    const terminals = [new FakeTerminal(true), new FakeTerminal(false), new FakeTerminal(true)] as const;
    const [early, piped, quiet] = terminals;
    const all = [
      createProgress("a", { quiet: false, terminal: early, delay: 60_000 }),
      createProgress("b", { quiet: false, terminal: piped, delay: 0 }),
      createProgress("c", { quiet: true, terminal: quiet, delay: 0 }),
    ];
    await sleep(50);
    for (const progress of all) progress.done();
    expect(terminals.map(({ text }) => text)).toEqual(["", "", ""]);
  });
});
