import { join } from "node:path";
import { afterAll, expect, it, jest } from "@jest/globals";
import { projectRoot } from "../helper/build.ts";
import { createSandbox } from "../helper/sandbox.ts";

jest.setTimeout(600_000);

const box = createSandbox();
afterAll(() => box.remove());

it("loses no push that was acknowledged, with writers that are killed", async () => {
  const script = join(projectRoot, "scripts/stress-remote.mjs");
  const { stdout } = await box.run(process.execPath, [
    script,
    "--seed",
    "7",
    "--writers",
    "3",
    "--pushes",
    "12",
    "--kill",
    "0.4",
  ]);
  expect(stdout).toMatch(/seed 7: \d+ acknowledged, .* 0 lost, \d+ roots replayed/);
});
