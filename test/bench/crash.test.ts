import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "@jest/globals";
import { buildOnce, projectRoot } from "../helper/build.ts";

it("a few rounds of killing and damaging lose no committed byte (npm run crash does thousands)", () => {
  buildOnce();
  const args = [join(projectRoot, "bench/crash/run.mjs"), "--seed", "7", "--rounds", "6"];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  const report = JSON.parse(stdout) as { rounds: number; failure?: string };
  expect(report.failure === undefined ? "" : `${report.failure}\n${stderr}`).toBe("");
  expect(report.rounds).toBe(6);
}, 300_000);
