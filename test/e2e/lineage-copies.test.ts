import { readdirSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { createPipelineProject, type PipelineProject } from "../helper/pipeline-project.ts";
import { oidOf } from "../helper/pointer-of.ts";
import { mountSmallDisk } from "../helper/small-disk.ts";

jest.setTimeout(240_000);

interface Run {
  readonly in: readonly { readonly path: string; readonly mode: string; readonly size: number }[];
}

describe("git mlgit lineage, and files that git holds itself", () => {
  let project: PipelineProject;
  const large = Buffer.from("a line that git has\n".repeat(200));
  const oid = `sha256:${oidOf(large)}`;
  const lineage = async (code: number, ...args: string[]) => {
    const { stdout, stderr } = await project.mlgit(["lineage", ...args], { code });
    return stdout + stderr;
  };

  beforeAll(async () => {
    project = await createPipelineProject();
    project.write("notes/a.txt", large);
    project.write("copies/b.txt", large);
    await project.mlgit(["models", "create", "net", "--categories=x", "--mutability=mutable"]);
    project.write("models/net/part/w.bin", "weights");
    project.write("metrics.json", '{"acc": 0.9}');
    await project.commit("one");
  });
  afterAll(() => project.box.remove());

  it("finds copies of them, also where only the oid is known, or they are no more where they were marked", async () => {
    await lineage(0, "mark", "taint", oid, "--reason", "a test");
    expect(await lineage(1, "tainted")).toMatch(/copies\/b\.txt[\s\S]*notes\/a\.txt/);
    expect(await lineage(1, "may-i-delete", oid)).toMatch(/main: copies\/b\.txt[\s\S]*main: notes\/a\.txt/);
    await lineage(0, "mark", "withdraw", oid, "--reason", "a test");
    await lineage(0, "mark", "taint", "notes/a.txt", "--reason", "a test");
    expect(JSON.parse(await lineage(0, "marks", "--json"))).toMatchObject([{ of: oid, size: large.length }]);
    await project.git("rm", "-q", "notes/a.txt");
    await project.commit("two");
    expect(await lineage(1, "tainted")).toContain("copies/b.txt  since notes/a.txt is tainted");
  });

  it("records the folders of what is deployed as folders", async () => {
    await lineage(0, "deploy", "--env", "prod", "net@1");
    const [run] = JSON.parse(await lineage(0, "deployed", "--json")) as Run[];
    const modes = new Map(run?.in.map((file) => [file.path, file.mode]));
    expect(modes.get("models/net")).toBe("040000");
    expect(modes.get("models/net/part")).toBe("040000");
    expect(modes.get("models/net/part/w.bin")).toBe("100644");
    expect(run?.in.find(({ path }) => path === "models/net/part")?.size).toBe("weights".length);
    expect(await lineage(0, "--down", "models/net/part/w.bin")).toContain("deploy");
  });

  it("leaves nothing half written on a full disk, and says what to do", async () => {
    project.write("full/.keep", "");
    const disk = mountSmallDisk(`${project.work}/full`, 1);
    if (!disk) return;
    try {
      project.write("full/filler", Buffer.alloc((1 << 20) - 4096));
      const everything = ["lineage", "export", "--format", "ro-crate", "-o", "full/crate.json"];
      for (const args of [["plots", "-o", "full/plots.html", "--file", "metrics.json"], everything]) {
        const { stderr } = await project.mlgit(args, { code: 8 });
        expect(stderr).toContain("the disk is full");
        expect(stderr).toContain("free some space");
      }
      expect(readdirSync(`${project.work}/full`)).toEqual(["filler"]);
    } finally {
      disk.unmount();
    }
    // A folder that is not there is no fault of the disk.
    const { stderr } = await project.mlgit(["plots", "-o", "no/plots.html", "--file", "metrics.json"], { code: 2 });
    expect(stderr).toContain("name a file in a folder that is there");
  });
});
