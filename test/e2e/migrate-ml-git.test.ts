import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { cidOf } from "../../src/migrate/cid.ts";
import { MlGitFixture } from "../fixture/ml-git-project.ts";
import { runAndKill } from "../helper/killing-git.ts";
import { randomBytes } from "../helper/sandbox.ts";
import { type Clone, createTeam, type Team } from "../helper/team.ts";

const image = randomBytes("image", 700_000);
const spec = (name: string, version: number, more: string, mutability = "strict") =>
  `categories: [vision, test]\nmanifest:\n  amount: 3\n  files: MANIFEST.yaml\n  size: 700 kB\n  storage: s3h://bucket\nmutability: ${mutability}\nname: ${name}\nversion: ${version}\n${more}`.trimEnd();

describe("git mlgit migrate ml-git", () => {
  let team: Team;
  let work: Clone;
  let fixture: MlGitFixture;
  let repositories: string[];
  const migrate = async (args: string[], code = 0) =>
    JSON.parse((await work.mlgit(["migrate", "ml-git", ...repositories, "--json", ...args], { code })).stdout);
  const leftOut = [
    { path: "vision__test__evil__1", reason: expect.stringContaining("../../up") },
    { path: "vision__test__flowers__7", reason: expect.stringContaining("the model of this name is left out") },
  ];
  const from = () => ["--from", fixture.bucket];

  beforeAll(async () => {
    team = await createTeam();
    fixture = new MlGitFixture(team.box);
    const data = await fixture.metadata("datasets");
    const labels = await fixture.metadata("labels");
    const models = await fixture.metadata("models");
    repositories = [labels, data, models];
    const first = { "data/image.png": image, "data/copy.png": image, "data/empty": Buffer.alloc(0) };
    const one = { folder: "sub/flowers", kind: "dataset", tag: "vision__test__flowers__1", date: "1600000000 +0200" };
    const sha = await fixture.commit(data, { ...one, spec: spec("flowers", 1, ""), files: first });
    const link = `dataset:\n  tag: vision__test__flowers__1\n  sha: ${sha}`;
    const marks = { folder: "marks", kind: "labels", tag: "vision__test__marks__1", date: "1600000000 +0200" };
    await fixture.commit(labels, { ...marks, spec: spec("marks", 1, link), files: { "a.json": Buffer.from("{}") } });
    const two = { ...one, folder: "flowers", tag: "vision__test__flowers__2", date: "1700000000 +0200" };
    const more = { ...first, "data/new.txt": Buffer.from("new"), ".hidden": Buffer.from("dot") };
    await fixture.commit(data, { ...two, spec: spec("flowers", 2, "metrics: {n: 4}", "mutable"), files: more });
    await team.box.git(["tag", "blessed"], { cwd: data });
    const bad = { ...one, folder: "evil", tag: "vision__test__evil__1", date: "1700000001 +0200" };
    await fixture.commit(data, { ...bad, spec: spec("evil", 1, ""), files: { "../../up": Buffer.from("new") } });
    const twin = { folder: "flowers", kind: "model", tag: "vision__test__flowers__7", date: "1700000002 +0200" };
    await fixture.commit(models, { ...twin, spec: spec("flowers", 7, ""), files: { w: Buffer.from("new") } });
    work = await team.clone("work");
    await work.git(["symbolic-ref", "HEAD", "refs/heads/main"]);
    await work.mlgit(["init", "-q"]);
  }, 240_000);
  afterAll(() => team.box.remove());

  it("names objects as ml-git does", () => {
    expect(cidOf(Buffer.from('{"Links": []}'))).toBe("zdj7WVccN8cRj1RcvweX3FNUEQyBe1oKEsWsutJNJoxt12mn1");
    expect(cidOf(Buffer.from("0".repeat(10_011)))).toMatch(/^zdj7Wi996Vi/);
  });

  it("says what it would do, and does nothing while data is damaged or missing", async () => {
    const versions = ["flowers__1", "marks__1", "flowers__2"].map((name) => `vision__test__${name}`);
    expect(await migrate(["-n", ...from()], 1)).toMatchObject({
      dryRun: true,
      versions,
      contents: { total: 5, fetched: 5 },
      problems: leftOut,
    });
    const piece = join(fixture.bucket, cidOf(image.subarray(262_144, 2 * 262_144)));
    const right = readFileSync(piece);
    writeFileSync(piece, randomBytes("lie", right.length));
    const report = await migrate(from(), 4);
    expect(report).toMatchObject({ complete: false, commit: null });
    expect(report.missing).toMatchObject([
      { path: "vision__test__flowers__1: data/image.png", reason: expect.stringContaining("damaged") },
    ]);
    writeFileSync(piece, right);
  }, 120_000);

  it("makes a commit and a tag of each version, with authors, dates, links and mutability, also after kill -9", async () => {
    await runAndKill(team.box, "update-ref", {
      args: ["migrate", "ml-git", ...repositories, ...from()],
      cwd: work.top,
    });
    const again = await migrate(from(), 1);
    expect(again.problems).toMatchObject(leftOut);
    expect((await work.git(["log", "--reverse", "--format=%an %at %s"])).stdout.split("\n").slice(0, 3)).toEqual([
      "Ann Notator 1600000000 message of vision__test__flowers__1",
      "Ann Notator 1600000000 message of vision__test__marks__1",
      "Ann Notator 1700000000 message of vision__test__flowers__2",
    ]);
    expect((await work.git(["tag", "-l"])).stdout).toBe(
      "blessed\nvision__test__flowers__1\nvision__test__flowers__2\nvision__test__marks__1\n",
    );
    expect((await work.git(["cat-file", "tag", "vision__test__flowers__2"])).stdout).toContain("Automatic tag");
    expect(work.read("datasets/flowers/data/copy.png").equals(image)).toBe(true);
    expect(work.read("datasets/flowers/.hidden").toString()).toBe("dot");
    expect((await work.git(["ls-files", "datasets/sub"])).stdout).toBe("");
    const first = (await work.git(["rev-parse", "vision__test__flowers__1^{commit}"])).stdout.trim();
    expect(work.read("labels/marks/marks.spec").toString()).toContain(`sha: ${first}`);
    const text = work.read("datasets/flowers/flowers.spec").toString();
    expect(text).toContain("amount: 5\n");
    expect(text).toContain("metrics: { n: 4 }");
    expect(await work.status()).toBe("");
    await work.git(["push", "-q", "--follow-tags", "origin", "main"]);
  }, 240_000);
});
