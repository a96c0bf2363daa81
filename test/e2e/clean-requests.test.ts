import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { cleanedBy as cleanedIn } from "../helper/cleaned-by.ts";
import { oidOf } from "../helper/pointer-of.ts";
import { randomBytes } from "../helper/sandbox.ts";
import { type Clone, createProject, createTeam, type Team } from "../helper/team.ts";

/** Larger than what the filter answers at once, so that it is hydrated after git. */
const large = (seed: string) => randomBytes(seed, 300_000);

/** Kinds of index, as users set them; each is put into the user's configuration before the clone. */
const kinds: readonly (readonly [string, readonly string[]])[] = [
  ["version 2", []],
  ["a split index", ["core.splitIndex=true"]],
  ["many files: version 4, untracked cache, no checksum", ["feature.manyFiles=true", "index.skipHash=true"]],
];

let team: Team;
let work: Clone;
beforeAll(async () => {
  team = await createTeam();
  work = await createProject(team);
  work.write("a.bin", large("a1"));
  work.write("data/b", large("b1"));
  work.write("data/c", large("c1"));
  work.write("data/small", "small");
  work.write("note.txt", "1\n");
  await work.commit("base");
  await work.git(["switch", "-qc", "side"]);
  work.write("a.bin", large("a2"));
  work.write("new/n.bin", large("n2"));
  await work.commit("side 1");
  work.write("data/c", large("c2"));
  await work.commit("side 2");
  await work.git(["switch", "-q", "main"]);
  await work.git(["push", "-q", "origin", "main", "side"]);
});
afterAll(() => team.box.remove());

const cleanedBy = (clone: Clone, ...args: string[]) => cleanedIn(team.box, clone.top, ...args);

/** Content that git streams while it works may fall into the second in which git trusts no time; what is hydrated may not. */
const hydrated = (paths: readonly string[]) => paths.filter((path) => path !== "data/small");

async function untouched(clone: Clone, ...status: string[]) {
  expect(hydrated(await cleanedBy(clone, "status", "--porcelain"))).toEqual([]);
  expect(await clone.status()).toBe(status.map((line) => `${line}\n`).join(""));
}

/** A command of git that fills the worktree, after which status cleans nothing. */
async function fills(clone: Clone, command: readonly string[]) {
  await clone.git(command);
  await untouched(clone);
}

describe.each(kinds)("with %s, git asks to clean no file that was hydrated", (kind, settings) => {
  let clone: Clone;
  beforeAll(async () => {
    const options = settings.flatMap((one) => ["-c", one]);
    clone = await team.clone(kind, { args: options });
    await clone.git(["fetch", "-q", "origin", "side:side"]);
  });
  const holds = (path: string, seed: string) => expect(oidOf(clone.read(path))).toBe(oidOf(large(seed)));

  it("after clone, checkout, switch, restore and reset", async () => {
    await untouched(clone);
    holds("data/b", "b1");
    await fills(clone, ["checkout", "-q", "side"]);
    holds("data/c", "c2");
    await fills(clone, ["switch", "-q", "main"]);
    expect(hydrated(await cleanedBy(clone, "checkout", "side", "--", "a.bin"))).toEqual([]);
    await untouched(clone, "M  a.bin");
    await fills(clone, ["restore", "--staged", "--worktree", "a.bin"]);
    await fills(clone, ["reset", "-q", "--hard", "side"]);
    await fills(clone, ["reset", "-q", "--hard", "ORIG_HEAD"]);
    holds("a.bin", "a1");
  });

  // What kind of index it is, is settled by the commands above; the others write it no differently.
  const itOnce = settings.length === 0 ? it : it.skip;

  itOnce("after stash, merge, rebase and cherry-pick", async () => {
    clone.write("data/b", large("stashed"));
    expect([...new Set(await cleanedBy(clone, "stash", "push", "-q"))]).toEqual(["data/b"]);
    await untouched(clone);
    expect(hydrated(await cleanedBy(clone, "stash", "pop", "-q"))).toEqual([]);
    expect(await clone.status()).toBe(" M data/b\n");
    holds("data/b", "stashed");
    await fills(clone, ["checkout", "-q", "--", "data/b"]);
    await clone.git(["switch", "-qc", "other"]);
    clone.write("note.txt", "2\n");
    await clone.git(["commit", "-qam", "other"]);
    await fills(clone, ["cherry-pick", "side~1"]);
    await fills(clone, ["rebase", "-q", "side"]);
    await clone.git(["switch", "-q", "main"]);
    await fills(clone, ["merge", "-q", "--no-edit", "--no-ff", "other"]);
    holds("new/n.bin", "n2");
  });

  it("after worktree add and sparse-checkout", async () => {
    await fills(clone, ["switch", "-q", "--detach", "side"]);
    const beside = team.box.path(`${kind} beside`);
    expect(await cleanedBy(clone, "worktree", "add", "-q", "--detach", beside, "side~1")).toEqual([]);
    await untouched(team.at(beside));
    await clone.git(["worktree", "remove", "--force", beside]);
    await fills(clone, ["sparse-checkout", "set", "data"]);
    expect(existsSync(join(clone.top, "new"))).toBe(false);
    // git itself cannot keep an index that is split and sparse; doctor says so.
    const sparse = kind === "a split index" ? "--no-sparse-index" : "--sparse-index";
    await fills(clone, ["sparse-checkout", "set", sparse, "new"]);
    holds("new/n.bin", "n2");
    await fills(clone, ["switch", "-q", "--detach", "side~1"]);
    await fills(clone, ["sparse-checkout", "disable"]);
    holds("data/b", "b1");
  });
});

describe("with a file system monitor, git asks to clean no file that was hydrated", () => {
  it("after checkout, and an edit is still seen", async () => {
    const clone = await team.clone("monitored");
    await clone.git(["fetch", "-q", "origin", "side:side"]);
    mkdirSync(team.box.path("bin"));
    const hook = team.box.write("bin/monitor", `#!/bin/sh\nprintf 'token\\0/\\0'\n`);
    await team.box.run("chmod", ["+x", hook]);
    await clone.git(["config", "core.fsmonitor", hook]);
    await clone.git(["config", "core.fsmonitorHookVersion", "2"]);
    await clone.git(["update-index", "--fsmonitor"]);
    await fills(clone, ["checkout", "-q", "side"]);
    await fills(clone, ["reset", "-q", "--hard", "main"]);
    clone.write("a.bin", large("edited"));
    expect(await cleanedBy(clone, "status", "--porcelain")).toEqual(["a.bin"]);
    expect(await clone.status()).toBe(" M a.bin\n");
  });
});
