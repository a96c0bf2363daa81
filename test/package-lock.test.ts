import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { projectRoot } from "./helper/build.ts";

describe("package-lock.json", () => {
  it("names every optional package of every platform, or npm ci refuses it (node scripts/complete-lock.mjs mends it)", () => {
    expect(() =>
      execFileSync(process.execPath, ["scripts/complete-lock.mjs", "--check"], { cwd: projectRoot }),
    ).not.toThrow();
  });

  it("names no registry", () => {
    expect(readFileSync(join(projectRoot, "package-lock.json"), "utf8")).not.toContain('"resolved"');
  });
});
