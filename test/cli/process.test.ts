import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, describe, expect, it } from "@jest/globals";
import { bundleFixture } from "../helper/bundle.ts";
import { createSandbox } from "../helper/sandbox.ts";

describe("a process", () => {
  const box = createSandbox();
  afterAll(() => box.remove());
  const slow = bundleFixture("slow-program", box.root);
  const large = bundleFixture("large-output", box.root);

  /** Starts the program and collects what it prints; `seen` resolves when a word has come. */
  function start(...args: string[]): {
    child: ChildProcess;
    seen: (word: string) => Promise<void>;
    text: () => string;
  } {
    const child = spawn(process.execPath, [slow, ...args], { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout!.on("data", (chunk) => {
      text += chunk;
    });
    const seen = async (word: string) => {
      while (!text.includes(word)) await once(child.stdout!, "data");
    };
    return { child, seen, text: () => text };
  }

  it("lets a command clean up after Ctrl-C and exits with 130", async () => {
    const { child, seen, text } = start();
    await seen("started");
    child.kill("SIGINT");
    const [code] = await once(child, "close");
    expect([code, text()]).toEqual([130, "started\ncleaned up\n"]);
  });

  it("is killed by the second Ctrl-C", async () => {
    const { child, seen } = start("stubborn");
    await seen("started");
    child.kill("SIGINT");
    await seen("ignored");
    // What follows at once may be the same Ctrl-C, sent on by git.
    const again = setInterval(() => child.kill("SIGINT"), 100);
    const [code, signal] = await once(child, "close");
    clearInterval(again);
    expect([code, signal]).toEqual([null, "SIGINT"]);
  });

  it("is killed by the first one while it does what nothing can stop", async () => {
    const { child, seen } = start("busy");
    await seen("busy");
    child.kill("SIGTERM");
    expect(await once(child, "close")).toEqual([null, "SIGTERM"]);
  });

  it("writes everything to a slow pipe before it exits", async () => {
    const { stdout } = await box.run("bash", ["-c", `"$0" | (sleep 0.3; wc -c); exit "\${PIPESTATUS[0]}"`, large], {
      code: 3,
    });
    expect(stdout.trim()).toBe("4000000");
  });

  it("ends quietly when its reader has gone", async () => {
    const { stderr } = await box.run("bash", ["-c", `"$0" | head -c 1 >/dev/null; exit "\${PIPESTATUS[0]}"`, large], {
      code: 141,
    });
    expect(stderr).toBe("");
  });
});
