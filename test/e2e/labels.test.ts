import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { EntityProject } from "../helper/entity-project.ts";

describe("git mlgit labels", () => {
  const project = new EntityProject();
  beforeAll(() => project.start());
  afterAll(() => project.remove());

  it("makes labels under their own folder and key, by both words", async () => {
    await project.mlgit("labels", "create", "captions", "--categories=cv", "--mutability=mutable");
    await project.mlgit("label", "create", "boxes", "--categories=cv", "--mutability=mutable");
    expect(project.read("labels/captions/captions.spec")).toMatch(/^labels:\n/);
    await project.commit("labels");
    expect(await project.tags()).toEqual(["cv__boxes__1", "cv__captions__1"]);
  });
});
