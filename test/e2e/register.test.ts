import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { OriginProject } from "../helper/origin-project.ts";

jest.setTimeout(240_000);

describe("git mlgit register", () => {
  const project = new OriginProject();
  beforeAll(async () => {
    await project.start();
    await project.repository("a");
    project.box.write("in/w.bin", "weights");
    project.box.write("in/more/x.txt", "x");
  });
  afterAll(() => project.remove());

  it("keeps each version in a folder of its number where that layout is chosen", async () => {
    const report = await project.json(
      "a",
      "register",
      "models",
      "net",
      "../in/w.bin",
      "../in/more",
      "--layout=versions",
    );
    expect(report).toMatchObject({
      version: 1,
      layout: "versions",
      files: ["models/net/1/w.bin", "models/net/1/more"],
    });
    project.box.write("in/w.bin", "better");
    project.box.write("a/staged", "another matter");
    await project.git("a", "add", "staged");
    await project.mlgit("a", "register", "model", "net", "../in/w.bin", "-m", "better");
    expect([project.read("a", "models/net/1/w.bin"), project.read("a", "models/net/2/w.bin")]).toEqual([
      "weights",
      "better",
    ]);
    expect(await project.status("a")).toBe("A  staged\n");
    expect((await project.git("a", "tag", "-l")).stdout).toBe("models__net__1\nmodels__net__2\n");
    expect(await project.fails("a", 2, "register", "models", "net", "../in/w.bin", "--layout=data")).toContain(
      "layout versions",
    );
  });

  it("copies into data/ else, and replaces nothing", async () => {
    await project.mlgit(
      "a",
      "register",
      "datasets",
      "d",
      "../in/more",
      "--categories=cv,images",
      "--mutability=flexible",
    );
    expect(project.read("a", "datasets/d/data/more/x.txt")).toBe("x");
    expect(await project.fails("a", 10, "register", "datasets", "d", "../in/more")).toContain("is there already");
    expect(await project.status("a")).toBe("A  staged\n");
  });

  it("leaves nothing behind when it cannot be done", async () => {
    expect(await project.fails("a", 2, "register", "widgets", "w", "../in/more")).toContain("kinds: [widgets]");
    await project.fails("a", 2, "register", "datasets", "e", "../in/nothing");
    await project.fails("a", 2, "register", "datasets", "..", "../in/more");
    expect(await project.status("a")).toBe("A  staged\n");
    expect(project.has("a", "datasets/e")).toBe(false);
  });
});
