import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { projectRoot } from "../helper/build.ts";
import { OriginProject } from "../helper/origin-project.ts";

jest.setTimeout(240_000);

describe("declared kinds", () => {
  const project = new OriginProject();

  beforeAll(async () => {
    await project.start();
    await project.repository("a");
    project.box.write("a/.mlgit/config.yaml", "# ours\nkinds: [endpoints, {name: policy, folder: policies}]\n");
  });
  afterAll(() => project.remove());

  it("have the same commands as datasets, by both words, and make versions", async () => {
    await project.create("a", ["endpoints", "chat"], { "data/url": "https://example.org" });
    expect(project.read("a", "endpoints/chat/chat.spec")).toMatch(/^endpoint:\n/);
    await project.write("a", "endpoints/chat", { "data/url": "https://example.org/2" });
    await project.mlgit("a", "endpoint", "add", "chat", "--bumpversion");
    await project.mlgit("a", "endpoints", "commit", "chat");
    await project.create("a", ["policies", "fair"], { "data/text": "be fair" });
    expect((await project.git("a", "tag", "-l")).stdout).toBe("cv__chat__1\ncv__chat__2\ncv__fair__1\n");
    await project.push("a");
    await project.mlgit("a", "endpoints", "checkout", "chat", "--version=1");
    expect(project.read("a", "endpoints/chat/data/url")).toBe("https://example.org");
    expect((await project.mlgit("a", "policy", "list")).stdout).toContain("|-- fair");
    await project.git("a", "reset", "-q", "--hard");
  });

  it("keep the rules of entities, also in clones and in subfolders", async () => {
    project.box.write("a/policies/fair/fair.spec", "policy: {}\n");
    expect(
      (await project.box.git(["commit", "-qam", "bad"], { cwd: project.box.path("a/policies"), code: 1 })).stderr,
    ).toContain("policies/fair/fair.spec");
    await project.git("a", "reset", "-q", "--hard");
    await project.repository("b");
    project.box.write("b/.mlgit/config.yaml", "kinds: [policies]\n");
    expect(await project.fails("b", 2, "import", project.box.path("a.git"), "chat")).toContain("declare its kind");
  });

  it("belong to one repository each of those that a program has open at once", async () => {
    project.box.write(
      "two.mjs",
      `import { open } from ${JSON.stringify(join(projectRoot, "dist/api.mjs"))};
const projects = await Promise.all(["a", "b"].map((folder) => open(folder)));
const knows = (project, word) => {
  try {
    return project.entities(word) !== undefined;
  } catch {
    return false;
  }
};
const known = projects.map((project) => ["endpoint", "policy"].filter((word) => knows(project, word)));
const lists = await Promise.all([0, 1, 0, 1].map((i) => projects[i].entities("policies").list()));
console.log(JSON.stringify({ known, lists: lists.map((list) => list.map(({ name }) => name)) }));`,
    );
    const { stdout } = await project.box.run("node", ["two.mjs"], { cwd: project.box.path(".") });
    expect(JSON.parse(stdout)).toEqual({
      known: [["endpoint", "policy"], []],
      lists: [["fair"], [], ["fair"], []],
    });
  });

  it("are known to help and completion", async () => {
    expect((await project.mlgit("a", "-h")).stdout).toMatch(/endpoints +endpoints: the same commands/);
    expect((await project.mlgit("a", "endpoints", "create", "-h")).stdout).toContain("new endpoint");
    expect((await project.mlgit("a", "help", "policies")).stdout).toContain("git mlgit policies create");
    project.box.write("git-mlgit.bash", (await project.mlgit("a", "completion", "bash")).bytes);
    const complete = async (...words: string[]) => {
      const script = `. ../git-mlgit.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _git_mlgit; echo "\${COMPREPLY[@]}"`;
      const options = { cwd: project.box.path("a") };
      return (await project.box.run("bash", ["--norc", "-c", script, "bash", ...words], options)).stdout.trim();
    };
    expect(await complete("git", "mlgit", "endp")).toBe("endpoints endpoint");
    expect(await complete("git", "mlgit", "endpoint", "che")).toBe("checkout");
  });

  it("are said to be missing with the line that declares them, and cannot take a command's word", async () => {
    expect(await project.fails("a", 2, "experiments", "create", "x")).toContain("`kinds: [experiments]`");
    project.edit("a", ".mlgit/config.yaml", () => "kinds: [stores]\n");
    const commit = await project.box.git(["commit", "-qam", "x"], { cwd: project.box.path("a"), code: 1 });
    expect(commit.stderr).toContain("store is a command");
    expect(await project.fails("a", 3, "verify", "HEAD")).toContain("store is a command");
    await project.git("a", "reset", "-q", "--hard");
  });
});
