import { describe, expect, it } from "@jest/globals";
import { isData, placeOfSpec } from "../../src/entity/entity-path.ts";
import { kindOf } from "../../src/entity/kind.ts";
import { forbidden, loosens } from "../../src/entity/mutability.ts";
import { folderProblem, nameProblem } from "../../src/entity/name-rules.ts";
import { parseVersionTag, versionTag } from "../../src/entity/version-tag.ts";

describe("version tags", () => {
  it("are read as they were made", () => {
    const parts = { categories: ["computer-vision", "images"], name: "imagenet8", version: 12 };
    expect(versionTag(parts)).toBe("computer-vision__images__imagenet8__12");
    expect(parseVersionTag("computer-vision__images__imagenet8__12")).toEqual({ ...parts, tag: versionTag(parts) });
  });

  it.each(["v1.0", "a__1", "a__b__01", "a__b__c", "__b__1", "a____b__1"])("are not %s", (tag) => {
    expect(parseVersionTag(tag)).toBeUndefined();
  });
});

describe("where entities lie", () => {
  it("is below the folder of their kind, in a folder of their name", () => {
    expect(placeOfSpec("datasets/a/b/d/d.spec")).toMatchObject({ name: "d", folder: "datasets/a/b/d" });
    expect(placeOfSpec("labels/l/l.spec")?.kind.name).toBe("labels");
  });

  it.each(["d/d.spec", "datasets/d.spec", "datasets/d/e.spec", "x/datasets/d/d.spec", "datasets/d/d.spectrum"])(
    "is not %s",
    (path) => expect(placeOfSpec(path)).toBeUndefined(),
  );

  it("leaves out spec, README and dotfiles of the data", () => {
    expect(["d.spec", "README.md", ".gitattributes", "data/.keep"].some((path) => isData(path, "d"))).toBe(false);
    expect(["data/d.spec", "data/README.md", "x"].every((path) => isData(path, "d"))).toBe(true);
  });

  it("knows kinds by singular and plural", () => {
    expect(["dataset", "datasets", "label", "labels", "model", "models"].map((word) => kindOf(word)?.folder)).toEqual(
      ["datasets", "labels", "models"].flatMap((folder) => [folder, folder]),
    );
  });
});

describe("names", () => {
  it.each(["", "a b", "a/b", "a__b", ".a", "a.lock", "a..b", "-a", "a:b", "a\nb", "a_"])("are not %j", (name) => {
    expect(nameProblem(name)).toBeDefined();
  });

  it.each(["imagenet8", "computer-vision", "größe", "a_b", "1"])("may be %s", (name) => {
    expect(nameProblem(name)).toBeUndefined();
  });

  it.each(["../x", "/x", "a/../../b", ".git/x"])("of folders do not lead out: %s", (dir) => {
    expect(folderProblem(dir)).toBeDefined();
  });
});

describe("mutability", () => {
  const changes = [
    { inside: "a", published: "1" },
    { inside: "b", published: "2" },
  ];

  it("forbids every change when strict, those not unlocked when flexible, none when mutable", () => {
    const unlocked = ({ inside }: { inside: string }) => inside === "a";
    expect(forbidden("strict", changes, unlocked)).toEqual(changes);
    expect(forbidden("flexible", changes, unlocked)).toEqual([changes[1]]);
    expect(forbidden("mutable", changes, unlocked)).toEqual([]);
  });

  it("is loosened from left to right only", () => {
    expect(loosens("strict", "flexible")).toBe(true);
    expect(loosens("mutable", "strict")).toBe(false);
    expect(loosens("flexible", "flexible")).toBe(false);
  });
});
