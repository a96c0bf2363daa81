import { rmSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { findRepository, type Repository } from "../../src/git/repository.ts";
import { LineageIndex } from "../../src/lineage/lineage-index.ts";
import { fetchedRef, mergeFetched, mergeRuns } from "../../src/lineage/merge-runs.ts";
import { encodeRecord, type MarkRecord, recordId } from "../../src/lineage/record.ts";
import { appendRecords, readRecords, runsRef } from "../../src/lineage/run-store.ts";
import { createSandbox, type Sandbox } from "../helper/sandbox.ts";

jest.setTimeout(120_000);

const note = (reason: string): MarkRecord => ({
  v: 1,
  type: "mark",
  mark: "note",
  of: `sha256:${"ab".repeat(32)}`,
  path: "x",
  reason,
  actor: "A U Thor <author@example.com>",
  t: 1,
});

describe("records of two clones", () => {
  let box: Sandbox;
  let ours: Repository;
  let theirs: Repository;
  const add = (repository: Repository, ...reasons: string[]) =>
    appendRecords(
      repository,
      reasons.map((reason) => ({ record: note(reason), blobs: [Buffer.from(reason)] })),
    );
  const reasons = async (repository: Repository) => {
    const found: string[] = [];
    for await (const { record } of readRecords(repository)) if (record.type === "mark") found.push(record.reason);
    return found.sort();
  };
  const bring = () =>
    box.git(["fetch", "-q", box.path("theirs"), `+${runsRef}*:${fetchedRef("origin")}*`], { cwd: box.path("ours") });
  beforeEach(async () => {
    box = createSandbox();
    ours = await findRepository(await box.init("ours"));
    theirs = await findRepository(await box.init("theirs"));
  });
  afterEach(() => box.remove());

  it("become their union, with the shared blobs, whatever the order", async () => {
    await add(ours, "a", "both");
    await add(theirs, "b", "both");
    await bring();
    expect((await mergeFetched(ours)).isNew).toBe(true);
    expect(await reasons(ours)).toEqual(["a", "b", "both"]);
    const { stdout } = await box.git(["ls-tree", "-r", "--name-only", runsRef], { cwd: box.path("ours") });
    expect(stdout.trim().split("\n")).toHaveLength(6);
    expect((await mergeFetched(ours)).isNew).toBe(false);
    // The other one takes it by moving its ref forward.
    await box.git(["fetch", "-q", box.path("ours"), `${runsRef}:${runsRef}`], { cwd: box.path("theirs") });
    expect(await reasons(theirs)).toEqual(["a", "b", "both"]);
  });

  it("are taken as they are where there are none yet", async () => {
    await add(theirs, "b");
    await bring();
    expect((await mergeFetched(ours)).isNew).toBe(true);
    expect(await reasons(ours)).toEqual(["b"]);
  });

  it("lose nothing when some are added while others are merged", async () => {
    await add(ours, "a");
    await add(theirs, "b");
    await bring();
    const tip = (await box.git(["rev-parse", fetchedRef("origin")], { cwd: box.path("ours") })).stdout.trim();
    await Promise.all([mergeRuns(ours, tip), add(ours, "c"), mergeRuns(ours, tip), add(ours, "d")]);
    expect(await reasons(ours)).toEqual(["a", "b", "c", "d"]);
    expect((await box.git(["for-each-ref", "refs/mlgit/merging"], { cwd: box.path("ours") })).stdout).toBe("");
  });

  it("do not believe a record that is not what its name says, nor take what is none", async () => {
    await add(ours, "a");
    await add(theirs, "b");
    const id = recordId(note("true"));
    const lie = encodeRecord(note("lie"));
    const stream = `commit ${runsRef}\ncommitter A <a@example.com> 1 +0000\ndata 1\nx\nfrom ${runsRef}^0\nM 100644 inline ${id.slice(0, 2)}/${id.slice(2)}.json\ndata ${lie.length}\n${lie}\nM 100644 inline evil.sh\ndata 1\nx\n`;
    await box.git(["fast-import", "--quiet"], { cwd: box.path("theirs"), input: stream });
    await bring();
    await mergeFetched(ours);
    expect(await reasons(ours)).toEqual(["a", "b"]);
    const { stdout } = await box.git(["ls-tree", "-r", "--name-only", runsRef], { cwd: box.path("ours") });
    expect(stdout).not.toContain("evil.sh");
  });

  it("lose nothing that a remote took out, or put something else in the place of", async () => {
    await add(ours, "a", "b");
    await box.git(["fetch", "-q", box.path("ours"), `${runsRef}:${runsRef}`], { cwd: box.path("theirs") });
    const path = (reason: string) => recordId(note(reason)).replace(/^../, "$&/");
    const stream = `commit ${runsRef}\ncommitter A <a@example.com> 1 +0000\ndata 1\nx\nfrom ${runsRef}^0\nD ${path("a")}.json\nM 100644 inline ${path("b")}.json\ndata 1\nx\n`;
    await box.git(["fast-import", "--quiet"], { cwd: box.path("theirs"), input: stream });
    await add(theirs, "c");
    await bring();
    expect((await mergeFetched(ours)).isNew).toBe(true);
    expect(await reasons(ours)).toEqual(["a", "b", "c"]);
    expect((await mergeFetched(ours)).isNew).toBe(false);
  });

  it("take the right one where somebody has put something else in its place, and end at one that is damaged", async () => {
    await add(theirs, "a", "b");
    const path = (reason: string) => `${recordId(note(reason)).replace(/^../, "$&/")}.json`;
    const stream = `commit ${runsRef}\ncommitter A <a@example.com> 1 +0000\ndata 1\nx\nM 100644 inline ${path("a")}\ndata 1\nx\n`;
    await box.git(["fast-import", "--quiet"], { cwd: box.path("ours"), input: stream });
    expect(await reasons(ours)).toEqual([]);
    await bring();
    await mergeFetched(ours);
    expect(await reasons(ours)).toEqual(["a", "b"]);
    const { stdout } = await box.git(["rev-parse", `${runsRef}:${path("b")}`], { cwd: box.path("ours") });
    rmSync(box.path("ours/.git/objects", stdout.slice(0, 2), stdout.slice(2).trim()));
    await expect(reasons(ours)).rejects.toMatchObject({ kind: "corrupt", hint: expect.stringContaining("--refetch") });
    const index = LineageIndex.open(ours);
    await expect(index).rejects.toMatchObject({ kind: "corrupt" });
    // What the other one has mends it.
    await box.git(["fetch", "-q", "--refetch", box.path("theirs"), runsRef], { cwd: box.path("ours") });
    expect(await reasons(ours)).toEqual(["a", "b"]);
  });
});
