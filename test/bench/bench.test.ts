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
    const options = ["--small", "--runs", "1", "--tools", "git", "--no-s3", "--work", box.root, "--json", json];
    const only = ["--only", "small-files", "--only", "large-file"];
    const { stdout } = await box.run(process.execPath, [join(projectRoot, "bench/run.mjs"), ...options, ...only]);
    expect(stdout).toContain("### small-files: 200 × 10000 bytes");
    const { cases } = JSON.parse(readFileSync(json, "utf8")) as {
      cases: { rows: { step: string; tools: Record<string, { seconds: number; uploaded?: number }> }[] }[];
    };
    const steps = cases[1]!.rows.map(({ step }) => step);
    expect(steps).toEqual(expect.arrayContaining(["cp -r", "add", "push", "checkout", "clone", "push after edit"]));
    const push = cases[0]!.rows.find(({ step }) => step === "push");
    expect(push?.tools.git?.uploaded).toBeGreaterThan(2_000_000);
  });
});
