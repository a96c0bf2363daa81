import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { encodeRecord, parseRecord, recordId } from "../../src/lineage/record.ts";
import { Artifacts } from "../../src/pipeline/artifacts.ts";
import { toEntry } from "../../src/pipeline/external-run.ts";
import { StatCache } from "../../src/pipeline/stat-cache.ts";

let top: string;
const code = { commit: null, dirty: null };
const oid = `sha256:${"0d".repeat(32)}`;
const entryOf = (run: unknown, text = JSON.stringify(run)) =>
  toEntry(
    { text, where: "runs.ndjson:3" },
    { code, actor: "A U Thor <author@example.com>", artifacts: new Artifacts(top, new StatCache("/dev/null")) },
  );

beforeAll(() => {
  top = mkdtempSync(join(tmpdir(), "mlgit-external-"));
  writeFileSync(join(top, "x.csv"), "1\n");
});
afterAll(() => rmSync(top, { recursive: true, force: true }));

describe("a run that something else made", () => {
  it("needs a stage alone, and becomes a record that can be read again", () => {
    const { record } = entryOf({ stage: "train" });
    expect(record).toMatchObject({ stage: "train", kind: "run", state: "complete", key: null, in: [], out: [] });
    const full = entryOf({
      stage: "train",
      in: ["x.csv"],
      out: [{ path: "m", oid, size: 3, role: "model", kept: false }],
      begin: "2026-01-31T12:00:00+01:00",
      end: 1_769_857_201_000,
      exit: 0,
      commit: "12".repeat(20),
    }).record;
    expect(full).toMatchObject({ t: [1_769_857_200_000, 1_769_857_201_000], code: { dirty: null } });
    for (const one of [record, full]) expect(parseRecord(recordId(one), encodeRecord(one))).toEqual(one);
  });

  it("loses its secrets wherever they are", () => {
    const { record, blobs } = entryOf({
      stage: "train",
      cmd: "AWS_SECRET_ACCESS_KEY=hunter2 train --token hunter2 https://me:hunter2@example.com/",
      params: { api_key: "hunter2", db: "postgres://me:hunter2@host/db", max_tokens: 512 },
      env: { TOKEN: "hunter2", nested: { password: "hunter2" } },
      labels: { password: "hunter2", url: "https://me:hunter2@example.com/" },
      log: "password: hunter2\ndone\n",
    });
    const written = [encodeRecord(record), ...blobs].map((bytes) => Buffer.from(bytes).toString()).join("\n");
    expect(written).not.toContain("hunter2");
    expect(written).toContain("done");
    expect(record).toMatchObject({ params: { max_tokens: 512, api_key: "***" } });
  });

  it.each([
    ["begins after its end", { begin: 2, end: 1 }, "it ends before it begins"],
    ["ends when no clock does", { end: 9e20 }, "end: "],
    ["has a time that is none", { begin: "yesterday" }, "begin: "],
    ["names a path outside", { out: ["../x"] }, "out.0: a path is relative to the top"],
    ["names a content by half of its oid", { in: [{ path: "x", oid: "sha256:12" }] }, "in.0.oid: "],
    ["says what is not known", { steps: 3 }, 'Unrecognized key: "steps"'],
    ["has no stage", { stage: "" }, "stage: "],
  ])("is refused when it %s, and the line is named", (_, part, message) => {
    expect(() => entryOf({ stage: "s", ...part })).toThrow(/^runs\.ndjson:3/);
    expect(() => entryOf({ stage: "s", ...part })).toThrow(message);
  });

  it("is refused for numbers and text that have no canonical form", () => {
    for (const text of ['{"stage": "s", "params": {"a": 1e999}}', '{"stage": "s", "log": "\\ud800"}', "{"])
      expect(() => entryOf(undefined, text)).toThrow("runs.ndjson:3 is no JSON");
  });

  it("names a file that is not there, with what to say in its place", () => {
    expect(() => entryOf({ stage: "s", in: ["gone"] })).toThrow("runs.ndjson:3: gone is not in the worktree");
  });
});
