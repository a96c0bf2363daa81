import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
// @ts-expect-error a script without types
import { formatChangelog, parseFragment } from "../../scripts/changelog.mjs";
import { projectRoot } from "../helper/build.ts";

describe("changelog", () => {
  it("has only fragments that can be read", () => {
    const folder = join(projectRoot, "changelog");
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".md"));
    expect(files.length).toBeGreaterThan(0);
    for (const name of files) expect(() => parseFragment(name, readFileSync(join(folder, name), "utf8"))).not.toThrow();
  });

  it("refuses a fragment without a kind or a sentence", () => {
    expect(() => parseFragment("a.md", "A thing happens.")).toThrow("a.md");
    expect(() => parseFragment("a.md", "Added: a thing")).toThrow("sentence");
  });

  it("groups by version and kind", () => {
    const text = formatChangelog([
      { version: "Unreleased", fragments: [parseFragment("a", "Fixed: b.\nwhy"), parseFragment("b", "Added: a.")] },
      { version: "0.1.0", fragments: [parseFragment("c", "Added: all.")] },
    ]);
    expect(text).toBe(
      "# Changes\n\n## Unreleased\n\n### Added\n\n- a.\n\n### Fixed\n\n- b.\n  why\n\n## 0.1.0\n\n### Added\n\n- all.\n",
    );
  });
});
