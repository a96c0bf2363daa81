import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { packEntries } from "../../src/git/pack-entries.ts";
import { findRepository, type Repository } from "../../src/git/repository.ts";
import { processMark } from "../../src/util/process-mark.ts";

const root = realpathSync(mkdtempSync(join(tmpdir(), "mlgit-pack-entries-")));
const objects = join(root, ".git/objects");
const dead = "tmp_objdir-mlgit-1234abcd-4194304-1-x";
let repository: Repository;
let pack: Buffer;
const git = (args: readonly string[], input?: string) =>
  execFileSync("git", ["-c", "user.name=A", "-c", "user.email=a@example.invalid", ...args], {
    cwd: root,
    ...(input === undefined ? {} : { input }),
  });
const leftIn = () => readdirSync(objects).filter((name) => name.startsWith("tmp_"));

beforeAll(async () => {
  git(["init", "-q"]);
  writeFileSync(join(root, "a"), "a");
  git(["add", "a"]);
  git(["commit", "-qm", "one"]);
  repository = await findRepository(root);
  pack = git(["pack-objects", "--revs", "--stdout", "-q"], "HEAD\n");
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

describe("the entries of a pack", () => {
  it("are told in their order, and nothing is left behind", async () => {
    const names = (await packEntries(repository, pack))?.map(({ oid }) => oid.toString("hex"));
    expect(names?.sort()).toEqual(
      git(["rev-list", "--objects", "HEAD", "--no-object-names"]).toString().split(/\s/).slice(0, -1).sort(),
    );
    expect(await packEntries(repository, pack.subarray(0, -1))).toBeUndefined();
    expect(leftIn()).toEqual([]);
  });

  it("are told whatever a killed process left, which goes, and what a running one has stays", async () => {
    const mine = `tmp_objdir-mlgit-${processMark()}-x`;
    const gone = `tmp_objdir-mlgit-${processMark(4_194_305)}-x`;
    for (const name of [mine, gone]) mkdirSync(join(objects, name));
    expect(await packEntries(repository, pack)).toHaveLength(3);
    expect(leftIn()).toEqual([mine]);
    rmSync(join(objects, mine), { recursive: true });
  });

  it("leave nothing that git itself would not take away in the end", () => {
    mkdirSync(join(objects, dead));
    writeFileSync(join(objects, dead, "p.pack"), "half");
    utimesSync(join(objects, dead), 0, 0);
    git(["prune", "--expire=1.day.ago"]);
    expect(leftIn()).toEqual([]);
  });

  it("are not had where nothing can be written, which is no error", async () => {
    expect(await packEntries({ ...repository, commonDir: join(root, "a") }, pack)).toBeUndefined();
  });
});
