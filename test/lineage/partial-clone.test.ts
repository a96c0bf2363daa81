import { existsSync, readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, it, jest } from "@jest/globals";
import { findRepository, type Repository } from "../../src/git/repository.ts";
import { LineageIndex } from "../../src/lineage/lineage-index.ts";
import { mergeFetched } from "../../src/lineage/merge-runs.ts";
import { blobName, type RunRecord } from "../../src/lineage/run-record.ts";
import { appendRecords, readRunBlobs, readRuns } from "../../src/lineage/run-store.ts";
import { createSandbox, type Sandbox } from "../helper/sandbox.ts";

jest.setTimeout(120_000);

const record = (stage: string, log: Buffer): RunRecord => ({
  v: 1,
  type: "run",
  key: null,
  stage,
  kind: "run",
  state: "complete",
  code: { commit: null, dirty: null },
  cmd: "true",
  wdir: "",
  in: [{ path: "x", oid: `sha256:${"a".repeat(64)}`, mode: "100644" }],
  out: [],
  params: {},
  metrics: {},
  env: null,
  t: [1, 2],
  exit: 0,
  log: blobName(log),
  actor: "",
  labels: {},
});

let box: Sandbox;
let repository: Repository;
let trace: string;
const logs = Array.from({ length: 5 }, (_, i) => Buffer.from(`log ${i}\n`));

/** How often git has fetched since it was last asked. */
let seen = 0;
function fetches(): number {
  const lines = existsSync(trace) ? readFileSync(trace, "utf8").split("\n") : [];
  const all = lines.filter((line) => line.includes('"event":"start"') && /"fetch"/.test(line)).length;
  const since = all - seen;
  seen = all;
  return since;
}

beforeAll(async () => {
  box = createSandbox();
  const full = await findRepository(await box.init("full"));
  await box.git(["commit", "-q", "--allow-empty", "-m", "one"], { cwd: box.path("full") });
  await appendRecords(
    full,
    logs.map((log, i) => ({ record: record(`s${i}`, log), blobs: [log] })),
  );
  for (const key of ["uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"])
    await box.git(["config", key, "true"], { cwd: box.path("full") });
  const url = pathToFileURL(box.path("full")).href;
  await box.git(["clone", "-q", "--filter=blob:none", url, box.path("part")]);
  await box.git(["fetch", "-q", "origin", "refs/mlgit/runs:refs/mlgit/remotes/origin/runs"], { cwd: box.path("part") });
  repository = await findRepository(box.path("part"));
  trace = box.path("trace");
  process.env.GIT_TRACE2_EVENT = trace;
});
afterAll(() => {
  delete process.env.GIT_TRACE2_EVENT;
  box.remove();
});

it("reads every record of a partial clone, and fetches what is missing at once", async () => {
  await mergeFetched(repository);
  const stages: string[] = [];
  for await (const run of readRuns(repository)) stages.push(run.record.stage);
  expect(stages.sort()).toEqual(["s0", "s1", "s2", "s3", "s4"]);
  expect(fetches()).toBe(1);
  const found = await readRunBlobs(repository, logs.map(blobName));
  expect([...found.values()].map(String).sort()).toEqual(logs.map(String));
  expect(fetches()).toBe(1);
  // What nobody has is asked for in vain nowhere.
  expect((await readRunBlobs(repository, [blobName(Buffer.from("none"))])).size).toBe(0);
  expect((await LineageIndex.open(repository)).usersOf("a".repeat(64))).toHaveLength(5);
  expect(fetches()).toBe(0);
});

it("joins what came later with own records by one fetch, and says when the remote is gone", async () => {
  const more = Array.from({ length: 3 }, (_, i) => Buffer.from(`later ${i}\n`));
  const entries = more.map((log, i) => ({ record: record(`t${i}`, log), blobs: [log] }));
  await appendRecords(await findRepository(box.path("full")), entries);
  await appendRecords(repository, [{ record: record("own", Buffer.from("own")), blobs: [] }]);
  await box.git(["fetch", "-q", "origin", "refs/mlgit/runs:refs/mlgit/remotes/origin/runs"], { cwd: box.path("part") });
  fetches();
  await mergeFetched(repository);
  expect(fetches()).toBe(1);
  const index = await LineageIndex.open(repository);
  expect(index.usersOf("a".repeat(64))).toHaveLength(9);
  expect(fetches()).toBe(0);
  const last = Buffer.from("last\n");
  await appendRecords(await findRepository(box.path("full")), [{ record: record("last", last), blobs: [last] }]);
  await box.git(["fetch", "-q", "origin", "refs/mlgit/runs:refs/mlgit/remotes/origin/runs"], { cwd: box.path("part") });
  await box.git(["remote", "set-url", "origin", pathToFileURL(box.path("gone")).href], { cwd: box.path("part") });
  await expect(mergeFetched(repository)).rejects.toThrow("could not be fetched");
});
