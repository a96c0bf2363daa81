import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "@jest/globals";
import type { RunOptions } from "../helper/sandbox.ts";
import { type Clone, createProject, createTeam, type Team } from "../helper/team.ts";

const few = 200;
const many = 7000;
/** Megabytes of objects that a thread may hold: all that it needs for a list of files (a push: 12 to 14), and not a kilobyte for each of so many files. */
const heap = { add: 16, commit: 16, push: 18, clone: 22 };
/**
 * Bytes that all files more may take: rows (some hundred a file), and what does not grow with them: buffers that few files do not fill, garbage that was not collected
 * yet. Measured: 22, 17, 3 to 19 (the more, the less compiled code a busy build left to start with) and 14 MB.
 */
const growth = { add: 28_000_000, commit: 24_000_000, push: 25_000_000, clone: 22_000_000 };
const bound = 300_000_000;

let team: Team;
let work: Clone;
let hook: string;

beforeAll(async () => {
  team = await createTeam();
  work = await createProject(team);
  // Each Node process says at its end how much memory it had. One whose objects take more than the heap fails.
  const told = 'require("fs").appendFileSync(process.env.PEAKS, process.resourceUsage().maxRSS + "\\n")';
  hook = team.box.write("peak.cjs", `process.on("exit", () => ${told});\n`);
}, 240_000);
afterAll(() => team?.box.remove());

/** Bytes that the largest process of a step had. */
async function peakOf(step: keyof typeof heap, run: (options: RunOptions) => Promise<unknown>): Promise<number> {
  const PEAKS = team.box.write("peaks", "");
  const limits = `--max-old-space-size=${heap[step]} --max-semi-space-size=1`;
  await run({ env: { NODE_OPTIONS: `${limits} --require ${hook}`, PEAKS } });
  const peaks = readFileSync(PEAKS, "utf8").trim().split("\n").map(Number);
  return Math.max(...peaks) * 1024;
}

function writeFiles(folder: string, count: number): void {
  mkdirSync(`${work.top}/data/${folder}`, { recursive: true });
  for (let i = 0; i < count; i++)
    writeFileSync(`${work.top}/data/${folder}/${i}`, `${folder} ${i} ${"x".repeat(i % 50)}`);
}

async function peaksOf(folder: string, count: number) {
  writeFiles(folder, count);
  const add = await peakOf("add", (options) => work.mlgit(["add", "data"], options));
  const commit = await peakOf("commit", (options) => work.git(["commit", "-qm", folder], options));
  const push = await peakOf("push", (options) => work.git(["push", "-q", "origin", "main"], options));
  const into = team.box.path(`clone-${folder}`);
  const clone = await peakOf("clone", (options) =>
    team.box.git(["clone", "-q", "-b", "main", team.remote, into], options),
  );
  return { add, commit, push, clone };
}

it("adding, committing, pushing and cloning many small files takes hardly more memory than a few", async () => {
  const before = await peaksOf("few", few);
  const after = await peaksOf("many", many);
  for (const step of ["add", "commit", "push", "clone"] as const) {
    expect(before[step]).toBeGreaterThan(30_000_000);
    expect(after[step] - before[step]).toBeLessThan(growth[step]);
    expect(after[step]).toBeLessThan(bound);
  }
  expect(readFileSync(team.box.path(`clone-many/data/many/${many - 1}`), "utf8")).toBe(
    `many ${many - 1} ${"x".repeat((many - 1) % 50)}`,
  );
  const status = await team.box.git(["status", "--porcelain"], { cwd: team.box.path("clone-many") });
  expect(status.stdout).toBe("");
}, 600_000);
