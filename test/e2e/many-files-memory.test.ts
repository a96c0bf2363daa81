import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { type Clone, createProject, createTeam, type Team } from "../helper/team.ts";

const few = 1000;
const many = 4000;
/** For the files more, in bytes. A thread that keeps all that a stat tells, and a copy of what it was told, takes twice that. */
const growth = 45_000_000;

let team: Team;
let work: Clone;
let env: Readonly<Record<string, string>>;

beforeAll(async () => {
  team = await createTeam();
  work = await createProject(team);
  // Each Node process says at its end how much memory it had.
  const told = 'require("fs").appendFileSync(process.env.PEAKS, process.resourceUsage().maxRSS + "\\n")';
  const hook = team.box.write("peak.cjs", `process.on("exit", () => ${told});\n`);
  env = { NODE_OPTIONS: `--require ${hook}`, PEAKS: team.box.path("peaks") };
}, 240_000);
afterAll(() => team?.box.remove());

/** Bytes that the largest process of a command had. */
async function peakOf(run: () => Promise<unknown>): Promise<number> {
  writeFileSync(team.box.path("peaks"), "");
  await run();
  const peaks = readFileSync(team.box.path("peaks"), "utf8").trim().split("\n").map(Number);
  return Math.max(...peaks) * 1024;
}

function writeFiles(folder: string, count: number): void {
  mkdirSync(`${work.top}/data/${folder}`, { recursive: true });
  for (let i = 0; i < count; i++)
    writeFileSync(`${work.top}/data/${folder}/${i}`, `${folder} ${i} ${"x".repeat(i % 50)}`);
}

async function peaksOf(folder: string, count: number) {
  writeFiles(folder, count);
  const add = await peakOf(() => work.mlgit(["add", "data"], { env }));
  const commit = await peakOf(() => work.git(["commit", "-qm", folder], { env }));
  const push = await peakOf(() => work.git(["push", "-q", "origin", "main"], { env }));
  return { add, commit, push };
}

it("adding, committing and pushing many small files takes hardly more memory than a few", async () => {
  const before = await peaksOf("few", few);
  const after = await peaksOf("many", many);
  for (const step of ["add", "commit", "push"] as const) {
    expect(before[step]).toBeGreaterThan(30_000_000);
    expect(after[step] - before[step]).toBeLessThan(growth);
    expect(after[step]).toBeLessThan(300_000_000);
  }
  const clone = await team.clone("clone");
  expect(clone.read("data/many/3999").toString()).toBe(`many 3999 ${"x".repeat(49)}`);
  expect(await clone.status()).toBe("");
}, 600_000);
