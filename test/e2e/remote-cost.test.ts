import { readdirSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { createStoreRemote } from "../helper/store-remote.ts";

// Each step starts several programs, and the machine may be busy.
jest.setTimeout(240_000);

const files = 100_000;

describe("a remote with a hundred thousand pointers in one folder", () => {
  const box = createStoreRemote();
  afterAll(() => box.remove());
  const traced = async (name: string, ...args: string[]) => {
    const { stderr } = await box.git(args, { cwd: box.path(name), env: { MLGIT_TRACE: "1" } });
    const saved = [...stderr.matchAll(/store: save \S+ (\d+) bytes/g)].map(([, bytes]) => Number(bytes));
    return {
      saved: saved.reduce((sum, bytes) => sum + bytes, 0),
      requests: stderr.match(/ store: \w+ /g)?.length ?? 0,
    };
  };

  beforeAll(async () => {
    const cwd = await box.init("a");
    const make = async (args: readonly string[], input: string) => (await box.git(args, { cwd, input })).stdout.trim();
    const blobs = [
      await make(["hash-object", "-w", "--stdin"], "0"),
      await make(["hash-object", "-w", "--stdin"], "1"),
    ];
    const treeWith = async (changed: number) => {
      const line = (i: number) => `100644 blob ${blobs[i === changed ? 1 : 0]}\t${String(i).padStart(7, "0")}\n`;
      const data = await make(["mktree"], Array.from({ length: files }, (_, i) => line(i)).join(""));
      return make(["mktree"], `040000 tree ${data}\tdata\n`);
    };
    const first = await make(["commit-tree", await treeWith(-1)], "first\n");
    await box.in("a", "update-ref", "refs/heads/main", first);
    const next = await make(["commit-tree", "-p", first, await treeWith(50_000)], "next\n");
    await box.in("a", "update-ref", "refs/heads/next", next);
    await box.in("a", "remote", "add", "origin", box.url);
    await box.in("a", "push", "-q", "origin", "main");
  });

  it("takes a small commit in less than 10 kB", async () => {
    const { saved } = await traced("a", "push", "origin", "next:main");
    expect(saved).toBeGreaterThan(100);
    expect(saved).toBeLessThan(10_000);
  });

  it("is cloned by links, which git need not walk, from one pack or several", async () => {
    await box.clone("one", "--no-checkout");
    const env = { GIT_TRANSPORT_HELPER_DEBUG: "1" };
    const clone = (name: string) => box.git(["clone", "-n", box.url, box.path(name)], { env });
    expect((await clone("two")).stderr).toContain("<- connectivity-ok");
    await box.in("one", "commit", "-q", "--allow-empty", "-m", "more");
    await box.in("one", "push", "-q", "origin", "HEAD:main");
    expect((await clone("three")).stderr).toMatch(/<- lock .*\.keep/);
    const packs = readdirSync(box.path("three/.git/objects/pack"));
    expect(packs.filter((name) => name.endsWith(".pack"))).toHaveLength(3);
    expect(packs.filter((name) => name.endsWith(".keep"))).toEqual([]);
    expect(await box.in("three", "rev-parse", "HEAD")).toBe(await box.in("one", "rev-parse", "HEAD"));
    await box.in("three", "fsck", "--connectivity-only");
  });

  it("is asked a few times when there is nothing to fetch, and answers with nothing else than refs", async () => {
    await box.in("one", "fetch", "-q");
    expect((await traced("one", "fetch")).requests).toBeLessThanOrEqual(2);
  });
});
