import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { gitActor } from "../../src/git/code-state.ts";
import { plainIdent } from "../../src/git/ident.ts";
import { findRepository } from "../../src/git/repository.ts";
import { createSandbox } from "../helper/sandbox.ts";

const settings = (values: Readonly<Record<string, string>>) => ({ get: (key: string) => values[key] });
const variables = ["NAME", "EMAIL"].flatMap((field) => [`GIT_AUTHOR_${field}`, `GIT_COMMITTER_${field}`]);

describe("who commits", () => {
  const box = createSandbox();
  const before = new Map(variables.map((name) => [name, process.env[name]]));
  beforeAll(async () => {
    for (const name of variables) delete process.env[name];
    await box.init("a");
  });
  afterAll(() => {
    for (const [name, value] of before)
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    box.remove();
  });

  it("is what git itself says, wherever it is said outright", async () => {
    const repository = await findRepository(box.path("a"));
    for (const [name, mail] of [
      ["A U Thor", "a@example.com"],
      ["Żółć 李", "x+y@example.com"],
      ["O'Brien (he)", "o@b"],
    ]) {
      await box.git(["config", "user.name", name as string], { cwd: box.path("a") });
      await box.git(["config", "user.email", mail as string], { cwd: box.path("a") });
      const plain = plainIdent("author", settings({ "user.name": name as string, "user.email": mail as string }));
      expect(plain).toBe(`${name} <${mail}>`);
      expect(await gitActor(repository)).toBe(plain);
    }
  });

  it("is left to git where a part is not said, or git would change it", () => {
    const of = (name: string, mail: string) =>
      plainIdent("author", settings({ "user.name": name, "user.email": mail }));
    expect(plainIdent("author", settings({ "user.name": "A" }))).toBeUndefined();
    expect(plainIdent("author", settings({ "user.email": "a@b" }))).toBeUndefined();
    for (const name of ["", " A", "A ", "A.", '"A"', "A <b>", "A\nB", "'A'", "A\ufffd"])
      expect(of(name, "a@b")).toBeUndefined();
    expect(of("A", "<a@b>")).toBeUndefined();
  });

  it("is taken from variables before settings, and from those of the role before the user's", () => {
    const known = settings({ "user.name": "U", "user.email": "u@x", "committer.name": "C" });
    expect(plainIdent("committer", known)).toBe("C <u@x>");
    process.env.GIT_COMMITTER_EMAIL = "v@x";
    expect(plainIdent("committer", known)).toBe("C <v@x>");
    expect(plainIdent("author", known)).toBe("U <u@x>");
    delete process.env.GIT_COMMITTER_EMAIL;
  });
});
