import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { createDataProject, type DataProject } from "../helper/data-project.ts";
import { randomBytes } from "../helper/sandbox.ts";

// Each starts git and mlgit dozens of times.
jest.setTimeout(180_000);

const content = (name: string) => randomBytes(name, 300_000);

describe("refs that a host lists and that nobody pushed there", () => {
  let project: DataProject;
  const at = (name: string) => project.box.path(name);
  const git = (name: string, ...args: string[]) => project.box.git(args, { cwd: at(name) });
  const packs = () =>
    readdirSync(join(at("origin.git/mlgit"), "packs"), { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );

  beforeEach(async () => {
    project = await createDataProject();
    project.write("data/a.bin", content("a"));
    await project.commit("a");
    await project.git("push", "-q", "origin", "main");
    await project.box.git(["clone", "-q", at("origin.git"), at("other")]);
    for (const command of ["init", "fetch"]) await project.mlgit([command], { cwd: at("other") });
  });
  afterEach(() => project.box.remove());

  async function commitInOther(name: string): Promise<void> {
    project.box.write(`other/data/${name}.bin`, content(name));
    await git("other", "add", "-A");
    await git("other", "commit", "-qm", name);
  }

  /** As a host does when somebody who has a fork asks for a pull. */
  async function pullRequest(): Promise<void> {
    await project.box.git(["init", "-q", "--bare", "-b", "main", at("fork.git")]);
    await git("other", "remote", "add", "fork", at("fork.git"));
    await commitInOther("b");
    await git("other", "push", "-q", "fork", "main");
    await git("origin.git", "fetch", "-q", at("fork.git"), "main:refs/pull/1/head");
  }

  it("are counted by a collection, which brings them, though no git fetch does", async () => {
    await commitInOther("b");
    await git("other", "push", "-q", "origin", "HEAD:refs/changes/01/1/1");
    await project.git("fetch", "-q", "origin");
    for (let i = 0; i < 2; i++) await project.mlgit(["gc", "--grace", "0"]);
    expect(packs()).toHaveLength(2);
    expect((await project.git("for-each-ref", "--format=%(refname)")).stdout).not.toContain("changes");
    await git("origin.git", "update-ref", "-d", "refs/changes/01/1/1");
    for (let i = 0; i < 2; i++) await project.mlgit(["gc", "--grace", "0"]);
    expect(packs()).toHaveLength(1);
  });

  it("do not stop a collection when what they need was never in this store", async () => {
    await pullRequest();
    expect(await project.json(["gc"])).toMatchObject({ live: 1, marked: 0 });
  });

  it("do not keep a push from bringing the data with a new branch", async () => {
    await pullRequest();
    await git("other", "push", "-q", "origin", "main:integration");
    await project.box.git(["clone", "-q", "-b", "integration", at("origin.git"), at("check")]);
    for (const command of ["init", "hydrate"]) await project.mlgit([command], { cwd: at("check") });
    expect(project.box.read("check/data/b.bin").equals(content("b"))).toBe(true);
  });

  it("are told from branches and tags, for which a collection says what brings them", async () => {
    await project.box.git(["clone", "-q", "--single-branch", at("origin.git"), at("single")]);
    await commitInOther("b");
    await git("other", "tag", "-m", "alone", "alone");
    await git("other", "reset", "-q", "--hard", "HEAD~1");
    await commitInOther("c");
    await git("other", "push", "-q", "origin", "HEAD:side", "alone");
    const { stderr } = await project.mlgit(["gc"], { cwd: at("single"), code: 11 });
    const [command = ""] = /git fetch --tags origin '[^']*'/.exec(stderr) ?? [];
    expect(command).not.toBe("");
    await git("single", ...command.replaceAll("'", "").split(" ").slice(1));
    const collected = await project.mlgit(["gc", "--json"], { cwd: at("single") });
    expect(JSON.parse(collected.stdout)).toMatchObject({ live: 2, marked: 0 });
  });
});
