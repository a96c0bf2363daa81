import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { oidOf } from "../helper/pointer-of.ts";
import { randomBytes } from "../helper/sandbox.ts";
import { type Seen, spy } from "../helper/spy.ts";
import { type Clone, createProject, createTeam, type Team } from "../helper/team.ts";

/**
 * git starts its own programs by their full path, and how many is its own affair (gc, unpacking). Where the log lies is looked up
 * beside the work, and sometimes not before its end.
 */
const startedByMlgit = (seen: Seen) =>
  seen.git
    .filter((argv) => argv.startsWith("git ") && argv !== "git config --type=path mlgit.cache")
    .map((argv) => argv.replace(/[0-9a-f]{40}/g, "<oid>"))
    .sort();

describe("git mlgit pre-push", () => {
  let team: Team;
  let work: Clone;
  let made = 0;
  /** Commits new content and returns it. */
  const change = async (clone: Clone, path = "data/x") => {
    const bytes = randomBytes(`pre-push ${++made}`, 50_000);
    clone.write(path, bytes);
    await clone.commit(`change ${made}`);
    return bytes;
  };
  /** The content that a fresh clone of a ref gets. */
  const cloned = async (ref: string, path = "data/x") => {
    const clone = await team.clone("fresh", { args: ["-b", ref] });
    const bytes = clone.read(path);
    rmSync(clone.top, { recursive: true });
    return bytes;
  };
  /** A commit that has what HEAD has, and nothing before it. */
  const headTree = async () => (await work.git(["commit-tree", "-m", "tree", "HEAD^{tree}"])).stdout.trim();
  const push = (...args: string[]) => spy(team.box, (env) => work.git(["push", ...args], { env }));
  beforeAll(async () => {
    team = await createTeam();
    work = await createProject(team);
    await change(work);
  });
  afterAll(() => team.box.remove());
  afterEach(async () => {
    await work.git(["checkout", "-q", "-f", "main"]);
  });

  it("sends the data of a new branch before the branch is there", async () => {
    const seen = await push("origin", "main");
    expect(seen.result.stderr).toMatch(/mlgit: 1 file, [\d.]+ kB uploaded in 1 pack\n/);
    const saved = seen.store.filter((one) => one.startsWith("save "));
    expect(saved.map((one) => one.replace(/\/.*/, ""))).toEqual(["save mlgit.json", "save packs", "save index"]);
    expect(await cloned("main")).toEqual(work.read("data/x"));
  });

  it("asks the store nothing when no commit brings content", async () => {
    work.write("readme.txt", "text");
    await work.commit();
    expect((await push("origin", "main")).store).toEqual([]);
    expect((await push("origin", "main")).store).toEqual([]);
    expect((await push("origin", "main:refs/heads/second-name")).store).toEqual([]);
  });

  it("sends after a force push, an amended commit and a rebase what is new", async () => {
    const bytes = await change(work);
    await push("origin", "main");
    const amended = randomBytes("amended", 50_000);
    work.write("data/x", amended);
    await work.git(["commit", "-q", "--amend", "-am", "amended"]);
    const seen = await push("--force", "origin", "main");
    expect(seen.store.filter((one) => one.startsWith("save packs"))).toHaveLength(1);
    expect(await cloned("main")).toEqual(amended);
    expect(amended.equals(bytes)).toBe(false);
  });

  it("sends what light and annotated tags need, that no branch has", async () => {
    await work.git(["checkout", "-q", "--detach"]);
    const light = await change(work);
    await work.git(["tag", "light"]);
    await push("origin", "light");
    expect(await cloned("light")).toEqual(light);
    const annotated = await change(work);
    await work.git(["tag", "-m", "a", "annotated"]);
    await work.git(["tag", "-m", "b", "tag-of-tag", "annotated"]);
    await push("origin", "tag-of-tag");
    expect(await cloned("tag-of-tag")).toEqual(annotated);
    expect((await push("origin", "annotated")).store).toEqual([]);
  });

  it("sends the data of several refs at once, and only once", async () => {
    await work.git(["checkout", "-q", "-b", "one"]);
    const one = await change(work, "data/one");
    await work.git(["checkout", "-q", "-b", "two", "main"]);
    const two = await change(work, "data/two");
    const seen = await push("origin", "one", "two", "main", ":second-name");
    expect(seen.store.filter((op) => op.startsWith("save "))).toHaveLength(2);
    expect(await cloned("one", "data/one")).toEqual(one);
    expect(await cloned("two", "data/two")).toEqual(two);
  });

  it("sends the data to each repository that the remote's pushes go to, whatever the one that is fetched from has", async () => {
    const fork = team.box.path("fork.git");
    await team.box.git(["init", "-q", "--bare", fork]);
    await work.git(["push", "-q", "origin", "main"]);
    await work.git(["remote", "set-url", "--push", "origin", fork]);
    await work.git(["push", "-q", "origin", "main"]);
    await work.git(["config", "--unset-all", "remote.origin.pushurl"]);
    await team.box.git(["clone", "-q", "-b", "main", fork, team.box.path("of-fork")]);
    expect(team.at(team.box.path("of-fork")).read("data/x")).toEqual(work.read("data/x"));
  });

  it("sends the data to each of several repositories that one push goes to", async () => {
    const places = ["first.git", "second.git"].map((name) => team.box.path(name));
    for (const place of places) {
      await team.box.git(["init", "-q", "--bare", place]);
      await work.git(["config", "--add", "remote.origin.pushurl", place]);
    }
    await work.git(["push", "-q", "origin", "main"]);
    await work.git(["config", "--unset-all", "remote.origin.pushurl"]);
    for (const place of places) {
      await team.box.git(["clone", "-q", "-b", "main", place, `${place}-clone`]);
      expect(team.at(`${place}-clone`).read("data/x")).toEqual(work.read("data/x"));
    }
  });

  it("needs no store that can be written when that has everything", async () => {
    const folder = team.box.path("web");
    await work.mlgit(["publish", "--static", folder]);
    const server = createServer((request, response) => {
      const path = join(folder, request.url ?? "");
      response.writeHead(existsSync(path) ? 200 : 404);
      response.end(existsSync(path) ? readFileSync(path) : "");
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      await work.git(["config", "mlgit.store.web.url", url]);
      const empty = team.box.path("empty.git");
      await team.box.git(["init", "-q", "--bare", empty]);
      await work.git(["push", "-q", empty, `${await headTree()}:refs/heads/main`]);
    } finally {
      await work.git(["config", "--remove-section", "mlgit.store.web"]);
      server.close();
    }
  });

  it("has nothing to do for a deletion", async () => {
    expect((await push("origin", "--delete", "one")).store).toEqual([]);
  });

  it("believes the remote and not a stale tracking branch", async () => {
    await work.git(["checkout", "-q", "-b", "stale"]);
    const bytes = await change(work);
    await push("origin", "stale");
    // The branch goes, and with it, by a collection, its data; this clone does not hear of it.
    await team.box.git(["branch", "-q", "-D", "stale"], { cwd: team.remote });
    rmSync(`${team.remote}/mlgit`, { recursive: true });
    expect((await work.git(["rev-parse", "--verify", "origin/stale"])).stdout).not.toBe("");
    await push("origin", "stale:renamed");
    expect(await cloned("renamed")).toEqual(bytes);
    await work.mlgit(["push", "--all"]);
  });

  it("sends what the pushed commits name, and not what git replace shows in their place", async () => {
    const bytes = await change(work, "data/replaced");
    await change(work, "data/replaced");
    await work.git(["replace", "HEAD~1", "HEAD~2"]);
    await push("origin", "HEAD:refs/heads/replaced");
    await work.git(["replace", "-d", "HEAD~1"]);
    await push("origin", "HEAD~1:refs/heads/original");
    expect(await cloned("original", "data/replaced")).toEqual(bytes);
  });

  it("stops before a ref moves when a content is nowhere, and names the paths", async () => {
    const bytes = randomBytes("lost", 1_100_000);
    work.write("data/lost", bytes);
    await work.commit();
    const oid = oidOf(bytes);
    rmSync(`${work.top}/.git/mlgit/files/${oid.slice(0, 2)}/${oid}`);
    const before = (await work.git(["ls-remote", "origin"])).stdout;
    const { stderr } = await work.git(["push", "origin", "main"], { code: 1 });
    expect(stderr).toContain(`  data/lost (sha256:${oid})`);
    expect(stderr).toContain("hint: ");
    expect((await work.git(["ls-remote", "origin"])).stdout).toBe(before);
    await work.mlgit(["add", "data/lost"]);
    await work.git(["add", "--renormalize", "data/lost"]);
    await work.git(["push", "-q", "origin", "main"]);
    expect(await cloned("main", "data/lost")).toEqual(bytes);
  });

  it("stops when the store cannot be written, and the next push makes it good", async () => {
    await change(work);
    await team.box.run("mv", [`${team.remote}/mlgit`, `${team.remote}/away`]);
    team.box.write("remote.git/mlgit", "a file where the store was");
    const before = (await work.git(["ls-remote", "origin"])).stdout;
    await work.git(["push", "origin", "main"], { code: 1 });
    expect((await work.git(["ls-remote", "origin"])).stdout).toBe(before);
    rmSync(`${team.remote}/mlgit`);
    await team.box.run("mv", [`${team.remote}/away`, `${team.remote}/mlgit`]);
    await work.git(["push", "-q", "origin", "main"]);
  });

  it("sends from a shallow clone what was committed there", async () => {
    await team.box.git(["clone", "-q", "--depth", "1", `file://${team.remote}`, team.box.path("shallow")]);
    const shallow = team.at(team.box.path("shallow"));
    const bytes = await change(shallow);
    await shallow.git(["push", "-q", "origin", "HEAD:refs/heads/from-shallow"]);
    expect(existsSync(`${shallow.top}/.git/shallow`)).toBe(true);
    expect(await cloned("from-shallow")).toEqual(bytes);
  });

  it("starts as many processes and makes as many requests for many files as for one", async () => {
    await change(work);
    const few = await push("origin", "main");
    for (let i = 0; i < 300; i++) work.write(`data/many/${i}`, `file ${i} of many`);
    await work.commit();
    const seen = await push("origin", "main");
    expect(startedByMlgit(seen)).toEqual(startedByMlgit(few));
    expect(seen.store.length).toBeLessThanOrEqual(few.store.length);
    expect(seen.store.length).toBeLessThan(8);
  });

  it("sends to a remote that is named by its path", async () => {
    const bytes = await change(work);
    await work.git(["push", "-q", team.remote, "main:refs/heads/by-path"]);
    expect(await cloned("by-path")).toEqual(bytes);
    expect(readdirSync(`${team.remote}/mlgit`)).toContain("mlgit.json");
  });

  it("says what a fork lacks whose host made it without the data, and what sends that", async () => {
    const bytes = await change(work, "data/before");
    await work.git(["push", "-q", "origin", "main"]);
    const fork = team.box.path("bare copy.git");
    await team.box.git(["clone", "-q", "--bare", team.remote, fork]);
    rmSync(join(fork, "mlgit"), { recursive: true, force: true });
    await work.git(["remote", "add", "copy", fork]);
    await change(work, "data/mine");
    const first = await work.git(["push", "copy", "HEAD:topic"]);
    expect(first.stderr).toMatch(/the store .+ is new and lacks \d+ contents? that older commits of copy need/);
    const [, advice = ""] = /hint: git mlgit (push --all copy) sends/.exec(first.stderr) ?? [];
    await work.mlgit(advice.split(" "));
    await team.box.git(["clone", "-q", "-b", "topic", fork, team.box.path("of copy")]);
    expect(team.at(team.box.path("of copy")).read("data/before").equals(bytes)).toBe(true);
    await change(work, "data/mine");
    expect((await work.git(["push", "copy", "HEAD:topic"])).stderr).not.toContain("is new");
  });
});
