import { spawn } from "node:child_process";
import { existsSync, readdirSync, renameSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { OriginProject } from "../helper/origin-project.ts";
import { randomBytes } from "../helper/sandbox.ts";

jest.setTimeout(240_000);

const large = randomBytes("import", 2_000_000);

describe("git mlgit import", () => {
  const project = new OriginProject();
  const url = project.box.path("lab.git");

  beforeAll(async () => {
    await project.start();
    await project.repository("lab");
    await project.create("lab", ["datasets", "birds", "--entity-dir=field"], {
      "data/large.bin": large,
      "data/a.txt": "a1",
    });
    project.edit("lab", "datasets/field/birds/birds.spec", (text) => `# seen in spring\n${text}`);
    await project.version("lab", "datasets/field/birds/birds.spec", 2, { "data/a.txt": "a2" });
    await project.create("lab", ["models", "net"], { "data/w": "w1" });
    await project.push("lab");
    await project.repository("work");
    await project.git("work", "commit", "-qm", "start", "--allow-empty");
  });
  afterAll(() => project.remove());

  it("stages the newest version with its data and its origin, and pushes it to our own store", async () => {
    const report = await project.json("work", "import", "../lab.git", "birds");
    expect(report).toMatchObject({
      folder: "datasets/field/birds",
      version: 2,
      tag: "cv__birds__2",
      url,
      contents: 2,
      fetched: 2,
    });
    const spec = project.read("work", "datasets/field/birds/birds.spec");
    const commit = (await project.git("lab", "rev-parse", "cv__birds__2^{commit}")).stdout.trim();
    expect(spec).toBe(
      `${project.read("lab", "datasets/field/birds/birds.spec")}  origin:\n    url: ${url}\n    tag: cv__birds__2\n    commit: ${commit}\n`,
    );
    expect(project.box.read("work/datasets/field/birds/data/large.bin").equals(large)).toBe(true);
    expect((await project.status("work")).match(/^A {2}/gm)).toHaveLength(5);
    await project.git("work", "commit", "-qm", "birds");
    expect(await project.status("work")).toBe("");
    renameSync(project.box.path("lab.git/mlgit"), project.box.path("lab.git/away"));
    await project.push("work");
    expect(await project.fails("work", 4, "import", url, "net")).toContain("nothing was pushed");
    expect(await project.status("work")).toBe("");
    await project.box.git(["clone", "-q", project.box.path("work.git"), project.box.path("clone")]);
    renameSync(project.box.path("lab.git/away"), project.box.path("lab.git/mlgit"));
    expect(project.box.read("clone/datasets/field/birds/data/large.bin").equals(large)).toBe(true);
    expect(project.leftovers("work")).toEqual([]);
  });

  it("is done already when it is run again, and refuses where work would be lost", async () => {
    await project.mlgit("work", "import", url, "birds");
    expect(await project.status("work")).toBe("");
    expect(await project.fails("work", 10, "import", url, "birds@1")).toContain("git mlgit update-import birds");
    await project.create("work", ["models", "net"], { "data/own": "mine" });
    expect(await project.fails("work", 10, "import", url, "net")).toContain("--as");
    project.box.write("work/datasets/other/data/a.txt", "mine");
    expect(await project.fails("work", 11, "import", url, "birds@1", "--as", "other", ".")).toContain("data/a.txt");
    expect(project.read("work", "datasets/other/data/a.txt")).toBe("mine");
    expect(await project.status("work")).toBe("?? datasets/other/data/a.txt\n");
    await project.box.run("rm", ["-r", project.box.path("work/datasets/other")]);
  });

  it("takes a named version under another name and folder", async () => {
    const report = await project.json("work", "import", url, "datasets/birds@1", "datasets/old", "--as", "sparrows");
    expect(report).toMatchObject({ folder: "datasets/old/sparrows", tag: "cv__birds__1" });
    expect(project.read("work", "datasets/old/sparrows/sparrows.spec")).toContain("name: sparrows\n");
    expect(project.read("work", "datasets/old/sparrows/.gitattributes")).toContain("/sparrows.spec !filter");
    await project.git("work", "commit", "-qm", "sparrows");
    expect((await project.git("work", "tag", "-l", "*sparrows*")).stdout).toBe("cv__sparrows__1\n");
    expect(await project.status("work")).toBe("");
  });

  it("says what there is when there is no such version", async () => {
    expect(await project.fails("work", 2, "import", url, "bird")).toContain("birds, net");
    expect(await project.fails("work", 2, "import", url, "birds@7")).toContain("1, 2");
    expect(await project.fails("work", 2, "import", url, "models/birds")).toContain("no model called birds");
    expect(await project.fails("work", 2, "import", "--", "--upload-pack=x", "birds")).toContain("no repository's URL");
    expect(await project.fails("work", 2, "import", url, "../x")).toContain("is no kind");
  });

  it("takes a mlgit:: remote whose tree names a store of its own, by our leave only", async () => {
    const remote = `mlgit::file://${project.box.path("bucket/project")}`;
    for (const folder of ["bucket/data", "mine"]) project.box.write(`${folder}/.keep`, "");
    await project.repository("team", remote);
    await project.mlgit("team", "store", "add", "data", `file://${project.box.path("bucket/data")}`, "-q");
    await project.create("team", ["labels", "marks"], { "data/m": "marks" });
    await project.push("team");
    await project.box.run("rm", ["-rf", project.box.path("bucket/project/packs")]);
    // A store of ours has that name, too, and is another place.
    await project.mlgit("work", "store", "add", "--local", "data", `file://${project.box.path("mine")}`, "-q");
    await project.mlgit("work", "import", remote, "marks");
    expect(project.read("work", "labels/marks/data/m")).toBe("marks");
    await project.git("work", "commit", "-qm", "marks");
    await project.push("work");
    expect(readdirSync(project.box.path("mine"))).toContain("packs");
    await project.mlgit("work", "store", "remove", "data", "-q");
  });

  it("contacts no place that only the origin's files name", async () => {
    const before = await project.status("work");
    await project.repository("evil");
    await project.create("evil", ["datasets", "bait"], { "data/x": "bait" });
    await project.push("evil");
    const endpoint = "endpointUrl: http://192.0.2.1:9000";
    project.box.write("evil/.mlgit/config.yaml", `stores:\n  a: {url: s3://bucket/x, ${endpoint}}\n`);
    await project.version("evil", "datasets/bait/bait.spec", 2, { "data/x": "bait 2" });
    project.box.write("evil/.mlgit/config.yaml", "stores:\n  a: {url: 'rclone:evil:x'}\n");
    await project.version("evil", "datasets/bait/bait.spec", 3, { "data/x": "bait 3" });
    await project.git("evil", "push", "-q", "--no-verify", "--follow-tags", "origin", "HEAD");
    const from = project.box.path("evil.git");
    expect(await project.fails("work", 11, "import", from, "bait@2")).toContain(
      "--trust-store 's3://bucket/x http://192.0.2.1:9000'",
    );
    expect(await project.fails("work", 11, "import", from, "bait@3")).toContain("rclone");
    expect(await project.status("work")).toBe(before);
    expect(project.leftovers("work")).toEqual([]);
  });

  it("leaves the worktree as it was when it is killed, and finishes when it is run again", async () => {
    const from = project.box.path("lab.git");
    const child = spawn("git-mlgit", ["import", from, "net", "--as", "killed"], {
      cwd: project.box.path("work"),
      env: project.box.env,
      stdio: "ignore",
    });
    const closed = new Promise((resolve) => child.on("close", resolve));
    const scratch = project.box.path("work/.git/mlgit/tmp");
    while (
      child.exitCode === null &&
      !(existsSync(scratch) && readdirSync(scratch).some((name) => name.startsWith("scratch")))
    )
      await sleep(2);
    child.kill("SIGKILL");
    await closed;
    // What a git that was killed leaves: files, and an index that does not know them.
    const text = project.read("lab", "models/net/README.md");
    if ((await project.status("work")) === "") project.box.write("work/models/killed/README.md", text);
    await project.mlgit("work", "import", from, "net", "--as", "killed");
    expect(project.read("work", "models/killed/data/w")).toBe("w1");
    expect((await project.status("work")).split("\n").filter((line) => !line.startsWith("A  "))).toEqual([""]);
  });
});
