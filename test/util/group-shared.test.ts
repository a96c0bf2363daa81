import { chmodSync, closeSync, constants, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { openPlain } from "../../src/store/plain-file.ts";
import { makeFolder, writeDurable } from "../../src/util/durable.ts";
import { createSandbox, type Sandbox } from "../helper/sandbox.ts";

describe("what is made in a folder that a group shares", () => {
  let box: Sandbox;
  let umask: number;
  beforeEach(() => {
    box = createSandbox();
    mkdirSync(box.path("folder"));
    umask = process.umask(0o077);
  });
  afterEach(() => {
    process.umask(umask);
    box.remove();
  });
  const modeOf = (path: string) => statSync(path).mode & 0o7777;

  function makeAll(mode: number): number[] {
    chmodSync(box.path("folder"), mode);
    const inner = box.path("folder/a/b");
    makeFolder(inner);
    writeDurable(join(inner, "written"), "x");
    writeDurable(join(inner, "given"), "x", { mode: 0o640 });
    closeSync(openPlain(join(inner, "opened"), constants.O_WRONLY | constants.O_CREAT));
    return [box.path("folder/a"), inner, ...["written", "given", "opened"].map((name) => join(inner, name))].map(
      modeOf,
    );
  }

  it("is the group's whatever the umask is", () => {
    expect(makeAll(0o2775)).toEqual([0o2770, 0o2770, 0o660, 0o600, 0o660]);
  });

  it("is its owner's in any other folder", () => {
    expect(makeAll(0o775)).toEqual([0o700, 0o700, 0o600, 0o600, 0o600]);
  });
});
