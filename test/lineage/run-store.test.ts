import { readdirSync } from "node:fs";
import { afterEach, expect, it, jest } from "@jest/globals";
import { findRepository } from "../../src/git/repository.ts";
import { recordId } from "../../src/lineage/record.ts";
import { blobName, type RunRecord } from "../../src/lineage/run-record.ts";
import { appendRecords, readRunBlob, readRuns } from "../../src/lineage/run-store.ts";
import { createSandbox, type Sandbox } from "../helper/sandbox.ts";

jest.setTimeout(120_000);

let box: Sandbox;
afterEach(() => box?.remove());

const record = (stage: string): RunRecord => ({
  v: 1,
  type: "run",
  key: null,
  stage,
  kind: "run",
  state: "complete",
  code: { commit: null, dirty: null },
  cmd: "true",
  wdir: "",
  in: [],
  out: [],
  params: {},
  metrics: {},
  env: null,
  t: [1, 2],
  exit: 0,
  log: null,
  actor: "",
  labels: {},
});

it("keeps every run and blob, also when several append at once", async () => {
  box = createSandbox();
  const repository = await findRepository(await box.init("work"));
  expect(await stages()).toEqual([]);
  const names = Array.from({ length: 6 }, (_, i) => `s${i}`);
  const blob = Buffer.from("said\n");
  await Promise.all(names.map((name) => appendRecords(repository, [{ record: record(name), blobs: [blob] }])));
  // The same once more changes nothing.
  await appendRecords(repository, [{ record: record("s0"), blobs: [blob] }]);
  expect((await stages()).sort()).toEqual(names);
  expect(await readRunBlob(repository, blobName(blob))).toEqual(blob);
  expect(await readRunBlob(repository, blobName(Buffer.from("x")))).toBeUndefined();
  expect(await readRunBlob(repository, "../x")).toBeUndefined();
  // Who commits is known: then nothing is asked, as long as the ref is a file; several at once lose nothing either.
  for (const name of ["NAME", "EMAIL", "DATE"]) delete process.env[`GIT_COMMITTER_${name}`];
  const settings = { get: (key: string) => ({ "user.name": "A U Thor", "user.email": "a@example.com" })[key] };
  const append = (name: string) => appendRecords(repository, [{ record: record(name), blobs: [] }], settings);
  await Promise.all(["t0", "t1", "t2", "t3"].map(append));
  const git = async (...args: string[]) => (await box.git(args, { cwd: repository.workTree as string })).stdout;
  await git("pack-refs", "--all");
  await append("t4");
  expect((await stages()).sort()).toEqual([...names, "t0", "t1", "t2", "t3", "t4"]);
  expect(await git("log", "--format=%cn <%ce>", "refs/mlgit/runs")).toContain("A U Thor <a@example.com>\n");
  expect(readdirSync(repository.gitDir).filter((name) => name.startsWith("fast_import_crash"))).toEqual([]);
  await git("fsck", "--strict");

  async function stages(): Promise<string[]> {
    const found: string[] = [];
    for await (const run of readRuns(repository)) {
      expect(run.id).toBe(recordId(run.record));
      found.push(run.record.stage);
    }
    return found;
  }
});
