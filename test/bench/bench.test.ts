import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "@jest/globals";
import { projectRoot } from "../helper/build.ts";
import { createSandbox } from "../helper/sandbox.ts";

describe("npm run bench", () => {
  const box = createSandbox();
  afterAll(() => box.remove());

  it("measures every step and checks every byte, here in a small way with plain git", async () => {
    const json = box.path("bench.json");
    const markdown = box.path("bench.md");
    const files = ["--json", json, "--markdown", markdown];
    const options = ["--small", "--runs", "1", "--tools", "git", "--no-s3", "--work", box.root, ...files];
    const only = ["--only", "small-files", "--only", "large-file"];
    const own = box.write("own.gitconfig", "[user]\n\tname = of whoever measures\n");
    const { stdout } = await box.run(process.execPath, [join(projectRoot, "bench/run.mjs"), ...options, ...only], {
      env: { GIT_CONFIG_GLOBAL: own },
    });
    expect(readFileSync(own, "utf8")).toBe("[user]\n\tname = of whoever measures\n");
    expect(stdout).toContain("### small-files: 200 × 10000 bytes");
    expect(readFileSync(markdown, "utf8").trim()).toBe(stdout.trim());
    expect(stdout).toMatch(/git version 2\..*, Node v.* cores, .*, Linux .*1 runs, medians; load/);
    const { cases, machine, versions } = JSON.parse(readFileSync(json, "utf8")) as {
      machine: Record<string, unknown>;
      versions: Record<string, string>;
      cases: { rows: { step: string; tools: Record<string, { seconds: number; uploaded?: number }> }[] }[];
    };
    expect(versions.git).toMatch(/2\./);
    expect(Object.keys(machine)).toEqual(["cpus", "model", "memory", "system", "node", "git", "load"]);
    const steps = cases[1]!.rows.map(({ step }) => step);
    expect(steps).toEqual(expect.arrayContaining(["cp -r", "add", "push", "checkout", "clone", "push after edit"]));
    const push = cases[0]!.rows.find(({ step }) => step === "push");
    expect(push?.tools.git?.uploaded).toBeGreaterThan(2_000_000);
  });
});
