import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "@jest/globals";
import { projectRoot } from "../helper/build.ts";
import { createSandbox } from "../helper/sandbox.ts";

const folder = join(projectRoot, "bench");
/** Those that are called with something, and not only imported. */
const scripts = (readdirSync(folder, { recursive: true }) as string[])
  .filter((name) => name.endsWith(".mjs") && name !== "options.mjs")
  .filter((name) => /readOptions\(|process\.argv/.test(readFileSync(join(folder, name), "utf8")))
  .sort();

describe("a script of the benchmarks", () => {
  const box = createSandbox();
  afterAll(() => box.remove());

  it("is found here", () => {
    expect(scripts).toEqual(
      expect.arrayContaining(["run.mjs", "remote.mjs", "plain-s3.mjs", join("crash", "run.mjs")]),
    );
  });

  it.each(scripts)("says what it does not know, what it takes, and ends with 2: %s", async (name) => {
    const { stdout, stderr } = await box.run(process.execPath, [join(folder, name), "--unknown"], { code: 2 });
    expect(stderr).toMatch(/^[\w-]+\.mjs: Unknown (option|word) '--unknown'\nit takes [^\n]+\n$/);
    expect(stdout).toBe("");
  });
});
