import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { MutabilityMap } from "../../src/commands/mutability-map.ts";
import { UnlockRecord } from "../../src/commands/unlock-record.ts";
import { findRepository, type Repository } from "../../src/git/repository.ts";
import { createSandbox } from "../helper/sandbox.ts";

const spec = (kind: string, name: string, mutability: string) =>
  `${kind}:\n  name: ${name}\n  version: 1\n  categories: [a]\n  mutability: ${mutability}\n`;

describe("the mutability of paths", () => {
  const box = createSandbox();
  afterAll(() => box.remove());
  let repository: Repository;

  beforeAll(async () => {
    const cwd = await box.init("r");
    box.write("r/datasets/a/b/ds/ds.spec", spec("dataset", "ds", "strict"));
    box.write("r/labels/größe/größe.spec", spec("labels", "größe", "flexible"));
    box.write("r/models/m/m.spec", spec("model", "m", "mutable"));
    box.write("r/models/broken/broken.spec", "model: [");
    box.write("r/rpm/ds/ds.spec", "Name: ds\n");
    await box.git(["add", "."], { cwd });
    await box.git(["commit", "-qm", "one"], { cwd });
    repository = await findRepository(cwd);
  });

  it.each([
    ["datasets/a/b/ds/data/x/y", "strict"],
    ["datasets/a/b/ds/ds.spec", undefined],
    ["datasets/a/b/ds/README.md", undefined],
    ["datasets/a/b/ds/.gitattributes", undefined],
    ["datasets/a/b/x", undefined],
    ["labels/größe/1.json", "flexible"],
    ["models/m/w", "mutable"],
    ["models/broken/w", "strict"],
    ["rpm/ds/x", undefined],
  ])("is read from the spec around them: %s", async (path, expected) => {
    const maps = [await MutabilityMap.load(repository), await MutabilityMap.load(repository, "HEAD")];
    expect(maps.map((map) => map.mutabilityOf(Buffer.from(path)))).toEqual([expected, expected]);
  });

  it("keeps flexible files read-only until they are unlocked, and only while they hold those bytes", async () => {
    const path = Buffer.from("labels/größe/1.json");
    const before = await MutabilityMap.load(repository);
    expect([before.isReadOnly(path, "b1"), before.isReadOnly(Buffer.from("models/m/w"), "b1")]).toEqual([true, false]);
    new UnlockRecord(repository).unlock(path.toString("latin1"), ["b1"]);
    const after = await MutabilityMap.load(repository);
    expect([after.isReadOnly(path, "b1"), after.isReadOnly(path, "b2")]).toEqual([false, true]);
    new UnlockRecord(repository).lock(path.toString("latin1"), "b1");
    expect((await MutabilityMap.load(repository)).isReadOnly(path, "b1")).toBe(true);
  });
});
