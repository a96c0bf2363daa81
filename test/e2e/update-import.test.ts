import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { OriginProject } from "../helper/origin-project.ts";
import { randomBytes } from "../helper/sandbox.ts";

jest.setTimeout(240_000);

const large = randomBytes("update-import", 3_000_000);
const edited = Buffer.concat([large.subarray(0, 1_000_000), Buffer.from("an edit"), large.subarray(1_000_000)]);
const spec = "datasets/birds/birds.spec";

describe("git mlgit update-import", () => {
  const project = new OriginProject();
  const url = project.box.path("lab.git");

  beforeAll(async () => {
    await project.start();
    await project.repository("lab");
    await project.create("lab", ["datasets", "birds", "--mutability=flexible"], {
      "data/large.bin": large,
      "data/a.txt": "a1",
      "data/gone": "x",
    });
    await project.push("lab");
    await project.repository("work");
    await project.git("work", "commit", "-qm", "start", "--allow-empty");
    await project.mlgit("work", "import", url, "birds", "-q");
    await project.git("work", "commit", "-qm", "birds");
  });
  afterAll(() => project.remove());

  it("has nothing to do while the origin has nothing newer", async () => {
    expect(await project.json("work", "update-import")).toMatchObject({ updates: [{ name: "birds", changed: false }] });
    expect(await project.status("work")).toBe("");
  });

  it("brings the newest version, chunk by chunk what is missing, and keeps what was done here", async () => {
    project.edit("work", spec, (text) => `# ours since spring\n${text}`);
    await project.write("work", "datasets/birds", { "data/ours.txt": "ours" });
    await project.commit("work", "ours");
    await project.mlgit("lab", "unlock", "datasets/birds/data/large.bin", "-q");
    await project.git("lab", "rm", "-q", "datasets/birds/data/gone");
    await project.version("lab", spec, 2, { "data/large.bin": edited, "data/b.txt": "b" });
    await project.push("lab");
    const { updates } = await project.json("work", "update-import", "birds");
    const [update] = updates as { from: string; to: string; data: { received: number } }[];
    expect(update).toMatchObject({ from: "cv__birds__1", to: "cv__birds__2", data: { contents: 3, fetched: 2 } });
    expect(update?.data.received).toBeLessThan(600_000);
    expect(project.box.read("work/datasets/birds/data/large.bin").equals(edited)).toBe(true);
    expect(project.has("work", "datasets/birds/data/gone")).toBe(false);
    expect(project.read("work", "datasets/birds/data/ours.txt")).toBe("ours");
    expect(project.read("work", spec)).toMatch(/^# ours since spring\n[\s\S]*version: 2\n[\s\S]*tag: cv__birds__2\n/);
    await project.git("work", "commit", "-qm", "birds 2");
    expect(await project.status("work")).toBe("");
    expect((await project.git("work", "tag", "-l")).stdout).toBe("cv__birds__1\ncv__birds__2\n");
    await project.push("work");
  });

  it("never takes what is not committed, nor what both sides changed", async () => {
    await project.version("lab", spec, 3, { "data/b.txt.new": "b3" });
    await project.mlgit("lab", "unlock", "datasets/birds/data/a.txt", "-q");
    await project.version("lab", spec, 4, { "data/a.txt": "a4" });
    await project.push("lab");
    project.box.write("work/datasets/birds/data/b.txt.new", "not ours to take");
    expect(await project.fails("work", 11, "update-import", "birds@3")).toContain("b.txt.new");
    expect(project.read("work", "datasets/birds/data/b.txt.new")).toBe("not ours to take");
    await project.box.run("rm", [project.box.path("work/datasets/birds/data/b.txt.new")]);
    await project.mlgit("work", "update-import", "birds@3");
    await project.git("work", "commit", "-qm", "birds 3");
    expect(await project.fails("work", 2, "update-import", "birds@1")).toContain("versions only rise");
    await project.mlgit("work", "unlock", "datasets/birds/data/a.txt", "-q");
    await project.write("work", "datasets/birds", { "data/a.txt": "ours" });
    await project.commit("work", "a is ours");
    expect(await project.fails("work", 10, "update-import")).toContain("datasets/birds/data/a.txt");
    expect(await project.status("work")).toBe("");
    expect(project.leftovers("work")).toEqual([]);
  });

  it("asks nobody whom only a file of the repository names", async () => {
    await project.box.git(["clone", "-q", project.box.path("work.git"), project.box.path("clone")]);
    expect(await project.fails("clone", 11, "update-import")).toContain(`--trust-origin '${url}' birds`);
    await project.mlgit("clone", "update-import", "--trust-origin", url, "birds@3");
    expect(project.read("clone", "datasets/birds/data/b.txt.new")).toBe("b3");
    expect(await project.fails("clone", 2, "update-import", "bees")).toContain("no entity called bees");
  });
});
