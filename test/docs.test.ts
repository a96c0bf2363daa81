import { mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { projectRoot } from "./helper/build.ts";
import { createSandbox } from "./helper/sandbox.ts";

/**
 * Examples that begin with ```sh test run, in order and in one folder per page, exactly as they stand there; so do those that begin with
 * ```js test, each as a program of its own that finds the package mlgit.
 */
const pages = ["README.md", "CONTRIBUTING.md", ...markdownBelow("docs")].map((path) => {
  const text = readFileSync(join(projectRoot, path), "utf8");
  const found = text.matchAll(/^```(sh|js) test\n([\s\S]*?)^```$/gm);
  const examples = [...found].map(([, language, code = ""], i) => (language === "sh" ? code : programOf(code, i)));
  return { path, text, examples };
});

/** Beside the folder node_modules, but run wherever the examples before it went. */
function programOf(code: string, i: number): string {
  return `cat >"$HOME/example-${i}.mjs" <<'END OF EXAMPLE'\n${code}END OF EXAMPLE\nnode "$HOME/example-${i}.mjs"\n`;
}

function markdownBelow(folder: string): string[] {
  return readdirSync(join(projectRoot, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(folder, name));
}

describe("documentation", () => {
  const withExamples = pages.filter(({ examples }) => examples.length > 0);

  it("has examples that run", () => {
    expect(withExamples.map(({ path }) => path)).toContain("README.md");
  });

  it.each(withExamples)(
    "shows in $path what really works",
    async ({ examples }) => {
      const box = createSandbox();
      try {
        await box.mlgit(["install", "--global", "--quiet"]);
        mkdirSync(join(box.home, "node_modules"));
        symlinkSync(projectRoot, join(box.home, "node_modules/mlgit"));
        await box.run("bash", ["-euo", "pipefail", "-c", examples.join("\n")]);
      } finally {
        box.remove();
      }
    },
    240_000,
  );

  it("links only to pages that exist", () => {
    const broken = pages.flatMap(({ path, text }) =>
      [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)]
        .map(([, target = ""]) => join(path, "..", target))
        .filter((target) => !pathExists(target))
        .map((target) => `${path} → ${target}`),
    );
    expect(broken).toEqual([]);
  });

  function pathExists(path: string): boolean {
    try {
      readdirSync(join(projectRoot, path));
      return true;
    } catch (error) {
      return (error as { code?: string }).code === "ENOTDIR";
    }
  }
});
