import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { EntityProject } from "../helper/entity-project.ts";

describe("git mlgit models", () => {
  const project = new EntityProject();
  beforeAll(() => project.start());
  afterAll(() => project.remove());

  it("makes models under their own folder and key, by both words", async () => {
    await project.mlgit("models", "create", "m", "--categories=cv", "--mutability=mutable", "--version=7");
    await project.mlgit("model", "create", "n", "--categories=cv", "--mutability=mutable");
    expect(project.read("models/m/m.spec")).toMatch(/^model:\n/);
    await project.commit("models");
    expect(await project.tags()).toEqual(["cv__m__7", "cv__n__1"]);
  });
});
