import { expect, it } from "@jest/globals";
import { createDataProject } from "../helper/data-project.ts";
import { randomBytes } from "../helper/sandbox.ts";

it("git mlgit du counts cache, store, versions and folders", async () => {
  const project = await createDataProject();
  try {
    project.write("data/a/large.bin", randomBytes("a", 1_200_000));
    project.write("data/b/small.bin", randomBytes("b", 5000));
    await project.commit("one");
    project.write("data/b/small.bin", randomBytes("c", 7000));
    await project.commit("two");
    await project.git("push", "-q", "origin", "main");
    const top = await project.json(["du", "--store"]);
    expect(top).toMatchObject({
      cache: { files: 1_200_000 },
      history: { contents: 3, bytes: 1_212_000 },
      paths: [{ path: "data/", files: 2, bytes: 1_207_000, cached: 1_207_000 }],
      store: { packs: 1 },
    });
    expect(await project.json(["du", "data", "--ref", "HEAD~1"])).toMatchObject({
      paths: [
        { path: "data/a/", bytes: 1_200_000 },
        { path: "data/b/", bytes: 5000 },
      ],
    });
    project.write('data/b/a "name" to quote.bin', randomBytes("d", 10));
    await project.commit("three");
    expect(await project.json(["du"])).toMatchObject({ paths: [{ path: "data/", files: 3 }] });
    expect(((await project.json(["du", "data/b"])) as { paths: object[] }).paths).toContainEqual(
      expect.objectContaining({ path: '"data/b/a \\"name\\" to quote.bin"' }),
    );
    expect((await project.mlgit(["du"])).stdout).toContain("data/ (3 files");
    expect((await project.mlgit(["du", "dta"], { code: 2 })).stderr).toContain("there is no dta here");
    expect(await project.json(["du", "dta", "--ref", "HEAD"])).toMatchObject({ paths: [] });
  } finally {
    project.box.remove();
  }
});
