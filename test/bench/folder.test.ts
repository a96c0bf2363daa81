import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "@jest/globals";
import { projectRoot } from "../helper/build.ts";
import { createSandbox } from "../helper/sandbox.ts";

describe("npm run bench:folder", () => {
  const box = createSandbox();
  afterAll(() => box.remove());

  it("measures a push beside copies of the same files, for each size", async () => {
    const json = box.path("folder.json");
    const options = ["--files", "2,3", "--bytes", "100000", "--runs", "2", "--work", box.root, "--json", json];
    const { stdout } = await box.run(process.execPath, [join(projectRoot, "bench/folder.mjs"), ...options]);
    expect(stdout).toMatch(/^git version 2\..*; 2 runs, medians, seconds; load/);
    expect(stdout).toMatch(/\n\| 2 × 100000 +\|.*\n\| 3 × 100000 +\|/);
    const { samples } = JSON.parse(readFileSync(json, "utf8")) as { samples: { of: string; bytes: number }[] };
    const once = ["cp -r", "cp -r, fsync", "git push"];
    // In every other round mlgit comes first.
    const round = [...once, ...once.toReversed()];
    expect(samples.map(({ of }) => of)).toEqual([...round, ...round]);
    expect(samples.map(({ bytes }) => bytes)).toEqual([...round.map(() => 200_000), ...round.map(() => 300_000)]);
  });
});
