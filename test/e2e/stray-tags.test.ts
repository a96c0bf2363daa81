import { chmodSync, readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { projectRoot } from "../helper/build.ts";
import { EntityProject } from "../helper/entity-project.ts";
import { spy } from "../helper/spy.ts";

describe("a tag of a version that no spec stands for", () => {
  const project = new EntityProject();
  const push = ["push", "-q", "origin"];
  const listed = async () => (await project.git("ls-remote", "--tags", "origin")).stdout;
  let before: string[];
  afterAll(() => project.remove());

  beforeAll(async () => {
    await project.start();
    await project.mlgit("datasets", "create", "d", "--categories=c", "--mutability=strict");
    project.write("datasets/d/data/x", "one");
    await project.commit("one");
    project.write("readme", "text");
    await project.commit("text");
    await project.git("push", "-q", "-u", "origin", "main");
    before = await project.tags();
  });
  afterEach(async () => {
    for (const tag of await project.tags()) if (!before.includes(tag)) await project.git("tag", "-d", tag);
  });

  it.each([
    ["of a number that its spec does not say", "c__d__9", "HEAD", "is not version 9 of d: its spec says c__d__1"],
    ["of other categories", "e__d__1", "HEAD", "is not version 1 of d: its spec says c__d__1"],
    ["of an entity that is not there", "c__typo__1", "HEAD", "is not version 1 of typo: no spec says so there"],
    ["of no commit", "c__d__9", "HEAD^{tree}", "it names no commit"],
  ])("is not pushed: one %s", async (_, tag, target, message) => {
    await project.git("tag", tag, target);
    const said = await project.fails(1, "git", ...push, tag);
    expect(said).toContain(message);
    expect(said).toContain(`git tag -d ${tag}`);
    expect(await listed()).not.toContain(tag);
  });

  it("is named with the commit that is that version", async () => {
    await project.git("switch", "-qc", "two");
    await project.setVersion("datasets/d/d.spec", 2);
    await project.commit("two");
    const two = await project.commitOf("HEAD");
    await project.git("tag", "-f", "-am", "wrong", "c__d__2", "HEAD~1");
    const said = await project.fails(1, "git", "push", "-q", "origin", "two", "c__d__2");
    const remedy = /git tag -f -a -m "Version 2 of d" c__d__2 ([0-9a-f]+)/.exec(said);
    expect(two.startsWith(remedy?.[1] ?? "none")).toBe(true);
    await project.box.run("sh", ["-c", remedy?.[0] ?? "false"], { cwd: project.cwd });
    await project.git("push", "-q", "origin", "two", "c__d__2");
    before.push("c__d__2");
    await project.git("switch", "-q", "main");
  });

  it("is found by verify, in the range that has its commit", async () => {
    await project.git("tag", "-am", "stray", "c__d__9", "HEAD");
    const options = { cwd: project.cwd, code: 11 };
    const { stdout } = await project.box.mlgit(["verify", "--json", "HEAD~1..HEAD"], options);
    expect(JSON.parse(stdout).breaches).toMatchObject([{ rule: "stray", path: "refs/tags/c__d__9" }]);
    await project.box.mlgit(["verify", "c__d__9"], options);
    await project.mlgit("verify", "HEAD~1");
  });

  it("is refused by a server's hook, and by a git remote in a store also with --no-verify", async () => {
    const hook = project.box.write("a.git/hooks/pre-receive", readFileSync(`${projectRoot}/hooks/pre-receive`));
    chmodSync(hook, 0o755);
    await project.git("tag", "c__d__9");
    const said = await project.fails(1, "git", "push", "-q", "--no-verify", "origin", "c__d__9");
    expect(said).toContain("remote:   c__d__9: ");
    expect(await listed()).not.toContain("c__d__9");
    const url = `mlgit::file://${project.box.path("bucket")}`;
    await project.git("push", "-q", url, "main", "c__d__1");
    expect(await project.fails(1, "git", "push", "-q", "--no-verify", url, "c__d__9")).toContain(
      "is not version 9 of d",
    );
  });

  it("is let be where it is no version's, and where it is right", async () => {
    const allowed = ["other__app__3", "v1.0", "c__d__", "c__d__09"];
    for (const tag of allowed) await project.git("tag", tag);
    await project.git(...push, ...allowed);
    await project.git("push", "-q", "origin", ":v1.0");
    await project.git("clone", "-q", "--bare", project.box.path("a.git"), project.box.path("b.git"));
    await project.git("push", "-q", project.box.path("b.git"), "main", "c__d__1");
    // A later commit that still is that version, with a light tag, where nobody has it yet.
    const next = project.box.path("next.git");
    await project.git("init", "-q", "--bare", next);
    await project.git("tag", "-f", "c__d__1", "HEAD");
    await project.git("push", "-q", next, "main", "c__d__1");
    await project.git("tag", "-d", "c__d__1");
    await project.git("fetch", "-q", "origin", "tag", "c__d__1");
  });

  it("is told from the tags of others with as many processes for many as for few", async () => {
    const count = async (prefix: string, many: number) => {
      const tags = Array.from({ length: many }, (_, i) => `${prefix}__${i + 1}`);
      const lines = tags.map((tag) => `create refs/tags/${tag} HEAD\n`).join("");
      await project.box.git(["update-ref", "--stdin"], { cwd: project.cwd, input: lines });
      const seen = await spy(project.box, (env) =>
        project.box.git([...push, ...tags], { cwd: project.cwd, env, code: "any" }),
      );
      return { code: seen.result.code, started: seen.git.filter((one) => one.startsWith("git ")).length };
    };
    expect(await count("other__few", 25)).toEqual(await count("other__many", 250));
    const few = await count("c__few", 2);
    const many = await count("c__many", 60);
    expect([few.code, many.code]).toEqual([1, 1]);
    // Each that is of an entity is looked for in the whole tree, and what would be right for some.
    expect(many.started).toBeLessThan(60 * 8 + 20 * 12);
  });

  it("may lie anywhere, be of a kind that is declared only in its own commit, and of an entity that moved", async () => {
    const other = project.box.path("fresh.git");
    await project.git("init", "-q", "--bare", other);
    const hook = project.box.write("fresh.git/hooks/pre-receive", readFileSync(`${projectRoot}/hooks/pre-receive`));
    chmodSync(hook, 0o755);
    project.write(".mlgit/config.yaml", "kinds: [environments]\n");
    await project.mlgit("environments", "create", "e", "--categories=c", "--mutability=strict");
    await project.mlgit("datasets", "create", "deep", "--categories=c", "--mutability=strict", "--entity-dir=a/b");
    await project.commit("more");
    expect(await project.tags()).toEqual(expect.arrayContaining(["c__e__1", "c__deep__1"]));
    await project.git("mv", "datasets/d", "datasets/moved");
    await project.git("mv", "datasets/moved/d.spec", "datasets/moved/moved.spec");
    for (const [file, from, to] of [
      ["moved.spec", "name: d", "name: moved"],
      [".gitattributes", "/d.spec", "/moved.spec"],
    ] as const)
      project.write(`datasets/moved/${file}`, project.read(`datasets/moved/${file}`).replace(from, to));
    await project.commit("moved");
    await project.git("push", "-q", other, "main", "c__d__1", "c__e__1", "c__deep__1", "c__moved__1");
    await project.mlgit("verify", "HEAD");
  });
});
