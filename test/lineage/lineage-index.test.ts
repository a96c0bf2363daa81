import { existsSync, readFileSync, renameSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { findRepository, type Repository } from "../../src/git/repository.ts";
import { LineageIndex } from "../../src/lineage/lineage-index.ts";
import { recordId } from "../../src/lineage/record.ts";
import type { RunRecord } from "../../src/lineage/run-record.ts";
import { appendRecords, runsRef } from "../../src/lineage/run-store.ts";
import { createSandbox, type Sandbox } from "../helper/sandbox.ts";

jest.setTimeout(120_000);

const oid = (n: number) => n.toString(16).padStart(64, "0");
/** A run that makes artifact n + 1 of artifact n. */
const run = (n: number): RunRecord => ({
  v: 1,
  type: "run",
  key: null,
  stage: `s${n}`,
  kind: n % 7 === 0 ? "deploy" : "run",
  state: "complete",
  code: { commit: null, dirty: null },
  cmd: "x",
  wdir: "",
  in: [{ path: `${n}`, oid: `sha256:${oid(n)}`, mode: "100644" }],
  out: [{ path: `${n + 1}`, oid: `sha256:${oid(n + 1)}`, mode: "100644" }],
  params: {},
  metrics: {},
  env: null,
  t: [n, n + 1],
  exit: 0,
  log: null,
  actor: "",
  labels: {},
});

describe("the index of records", () => {
  let box: Sandbox;
  let repository: Repository;
  const add = (from: number, count: number) =>
    appendRecords(
      repository,
      Array.from({ length: count }, (_, i) => ({ record: run(from + i), blobs: [] })),
    );
  const file = () => join(repository.commonDir, "mlgit-lineage/index");
  const isRight = async (count: number) => {
    const index = await LineageIndex.open(repository);
    for (const n of [0, 1, Math.floor(count / 2), count - 1]) {
      expect(index.usersOf(oid(n))).toEqual([recordId(run(n))]);
      expect(index.makersOf(oid(n + 1))).toEqual([recordId(run(n))]);
    }
    expect(index.usersOf(oid(count))).toEqual([]);
    expect(index.makersOf(oid(0))).toEqual([]);
    expect(index.deploys).toHaveLength(Math.ceil(count / 7));
    expect(index.recordsLike(recordId(run(1)).slice(0, 12))).toEqual([recordId(run(1))]);
    expect(index.artifactsLike(oid(count))).toEqual([oid(count)]);
  };
  beforeEach(async () => {
    box = createSandbox();
    repository = await findRepository(await box.init("r"));
  });
  afterEach(() => box.remove());

  it("is empty without records", async () => {
    const index = await LineageIndex.open(repository);
    expect(index.usersOf(oid(1))).toEqual([]);
    expect(existsSync(file())).toBe(false);
  });

  it("knows who uses and makes what, from its file and from what came later, few or many", async () => {
    await add(0, 20);
    await isRight(20);
    expect(existsSync(file())).toBe(true);
    await isRight(20);
    await add(20, 10);
    await isRight(30);
    await add(30, 700);
    await isRight(730);
    await isRight(730);
  });

  it("is built anew when it is damaged, or the records are other ones", async () => {
    await add(0, 9);
    await isRight(9);
    truncateSync(file(), 200);
    await isRight(9);
    writeFileSync(file(), "nonsense");
    await isRight(9);
    const whole = readFileSync(file());
    // The line at its beginning, a record, the end.
    for (const at of [60, 700, whole.length - 1]) {
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] ?? 0) ^ 1;
      writeFileSync(file(), damaged);
      await isRight(9);
      expect(readFileSync(file()).equals(whole)).toBe(true);
    }
    await box.git(["update-ref", "-d", runsRef], { cwd: box.path("r") });
    await add(0, 4);
    await isRight(4);
  });

  it("answers where its file cannot be written", async () => {
    await add(0, 9);
    writeFileSync(join(repository.commonDir, "mlgit-lineage"), "no folder");
    await isRight(9);
    await isRight(9);
  });

  it("has of a commit what that has, so that nothing is met twice when others record meanwhile", async () => {
    await add(0, 9);
    const tip = (await box.git(["rev-parse", runsRef], { cwd: box.path("r") })).stdout.trim();
    await add(9, 3);
    const before = await LineageIndex.open(repository, tip);
    expect(before.usersOf(oid(10))).toEqual([]);
    await isRight(12);
  });

  it("reads all that a way leads to at once, from its file and from what came later", async () => {
    await add(0, 20);
    await isRight(20);
    await add(20, 10);
    const index = await LineageIndex.open(repository);
    const named = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, i) => ({ id: recordId(run(from + i)), record: run(from + i) }));
    await index.readAhead([oid(10)], "down", Number.POSITIVE_INFINITY);
    await index.readAhead([oid(10)], "up", 3);
    renameSync(join(repository.commonDir, "objects"), join(repository.commonDir, "away"));
    const ids = named(0, 30).map(({ id }) => id);
    expect(await index.read(ids.slice(7))).toEqual(named(7, 30));
    await expect(index.read(ids)).rejects.toThrow();
  });
});
