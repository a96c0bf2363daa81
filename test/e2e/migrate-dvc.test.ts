import { chmodSync, existsSync, linkSync, mkdirSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { DvcFixture } from "../fixture/dvc-project.ts";
import { runAndKill } from "../helper/killing-git.ts";
import { randomBytes } from "../helper/sandbox.ts";
import { type Clone, createTeam, type Team } from "../helper/team.ts";

const big = randomBytes("big", 1_200_000);
const crlf = Buffer.from("a;b\r\n1;2\r\n".repeat(1000));

describe("git mlgit migrate dvc", () => {
  let team: Team;
  let work: Clone;
  let dvc: DvcFixture;
  let remote: DvcFixture;
  const migrate = async (args: string[], code = 0, place = work) =>
    JSON.parse((await place.mlgit(["migrate", "dvc", "--json", ...args], { code })).stdout);
  const show = async (name: string) => (await work.git(["cat-file", "blob", name])).stdout;
  const files = (folder: string) => readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();

  /** A file, an executable, a folder, a text of DVC 2, and two stages; a part of the data is in a remote alone. */
  async function project(): Promise<void> {
    const binary = dvc.store(big);
    dvc.track("model.bin", `md5: ${binary}\nsize: ${big.length}\nhash: md5`);
    const tool = dvc.store(Buffer.from("#!/bin/sh\n"));
    dvc.track("bin/tool", `md5: ${tool}\nsize: 10\nisexec: true\nhash: md5`);
    const old = dvc.store(crlf, { generation: 2, text: true });
    dvc.track("old/table.csv", `md5: ${old}\nsize: ${crlf.length}`);
    const folder = {
      "a.txt": Buffer.from("a"),
      "sub/b.txt": Buffer.from("b"),
      "sub/empty": Buffer.alloc(0),
      "x.spec": Buffer.from("s"),
    };
    const listing = remote.storeFolder(folder);
    dvc.track("data", `md5: ${listing}.dir\nsize: 3\nnfiles: 4\nhash: md5`);
    dvc.write(".gitignore", "/model.bin\n/data\n/kept.tmp\n/out.bin\n");
    const out = dvc.store(Buffer.from("result"));
    const plot = dvc.store(Buffer.from("{}"));
    dvc.write("params.yaml", "lr: 0.1\n");
    dvc.write("metrics.json", '{"acc": 1}\n');
    dvc.write("m_x.json", "{}");
    dvc.write(
      "dvc.yaml",
      [
        "stages:",
        "  train:",
        "    cmd:",
        "    - cp model.bin out.bin",
        "    - echo done",
        "    deps: [model.bin, data]",
        "    params: [lr, other.yaml: [a.b]]",
        "    outs: [{out.bin: {persist: true}}]",
        "    metrics: [{metrics.json: {cache: false}}]",
        "  each:",
        "    foreach: [x]",
        `    do: {cmd: 'echo \${item}', outs: ['plots/\${item}.json'], metrics: [{'m_\${item}.json': {cache: false}}], frozen: true, always_changed: true}`,
        "  lost:",
        `    cmd: echo \${nothing}`,
        "plots: [plots/x.json]",
        "",
      ].join("\n"),
    );
    dvc.write(
      "dvc.lock",
      [
        "schema: '2.0'",
        "stages:",
        "  train:",
        "    cmd: [cp model.bin out.bin, echo done]",
        `    outs: [{path: out.bin, hash: md5, md5: ${out}, size: 6}, {path: metrics.json, hash: md5, md5: ${out}, size: 1, cache: false}]`,
        "  each@x:",
        "    cmd: echo x",
        `    outs: [{path: plots/x.json, hash: md5, md5: ${plot}, size: 2}, {path: m_x.json, hash: md5, md5: ${plot}, size: 2}]`,
        "",
      ].join("\n"),
    );
    dvc.write(".dvc/config", `[core]\n    remote = near\n['remote "near"']\n    url = ../../dvc-remote\n`);
    dvc.write(".dvc/.gitignore", "/cache\n/config.local\n");
    await work.commit("with DVC");
    // As DVC leaves the worktree: links of all kinds into its cache.
    const cached = (md5: string) => join(work.top, ".dvc/cache/files/md5", md5.slice(0, 2), md5.slice(2));
    chmodSync(cached(binary), 0o444);
    linkSync(cached(binary), join(work.top, "model.bin"));
    symlinkSync(cached(tool), join(work.top, "bin/tool"));
    work.write("old/table.csv", crlf);
  }

  beforeAll(async () => {
    team = await createTeam();
    work = await team.clone("work");
    await work.git(["symbolic-ref", "HEAD", "refs/heads/main"]);
    await work.mlgit(["init", "-q"]);
    dvc = new DvcFixture(work.top);
    mkdirSync(team.box.path("dvc-remote"));
    remote = new DvcFixture(work.top, team.box.path("dvc-remote"));
    await project();
  }, 240_000);
  afterAll(() => team.box.remove());

  it("says what it would do and what is missing, and does not contact a remote that nobody named", async () => {
    const report = await migrate(["-n"], 4);
    expect(report).toMatchObject({ dryRun: true, stages: ["train", "each@x"], contents: { copied: 5 } });
    expect(report.missing).toMatchObject([{ path: "data", reason: expect.stringContaining(".dir) is nowhere") }]);
    expect(report.notes.join()).toContain("--remote near");
    expect(await migrate([], 4)).toMatchObject({ complete: false, commit: null, contents: { copied: 5 } });
    await migrate(["--remote", "nowhere"], 3);
    expect(await work.status()).toBe("");
  }, 120_000);

  it("refuses when a worktree file is not what DVC has, and when the cache is damaged there is no other copy", async () => {
    work.write("old/table.csv", "edited");
    expect((await work.mlgit(["migrate", "dvc", "--remote", "near"], { code: 11 })).stderr).toContain("old/table.csv");
    rmSync(join(work.top, "old/table.csv"));
    expect((await work.git(["log", "--oneline"])).stdout.split("\n")).toHaveLength(2);
  }, 120_000);

  it("makes one commit, with data, executables, stages and ignore rules, also after kill -9", async () => {
    const before = [files(join(work.top, ".dvc")), files(team.box.path("dvc-remote"))];
    for (const word of ["write-tree", "update-ref"])
      await runAndKill(team.box, word, { args: ["migrate", "dvc", "--remote", "near"], cwd: work.top });
    const again = await migrate([], 1);
    expect(again).toMatchObject({ files: 0, commits: 0, missing: [], stages: [] });
    expect(again.problems.map(({ reason }: { reason: string }) => reason)).toEqual([
      '"plots" has no place in mlgit.yaml',
      'stage train: out.bin: "persist" is not carried over; outputs stay until new ones exist',
      "stage each@x: is a template; taken over as dvc.lock has it",
      "stage lost: is a template that dvc.lock has no result of",
    ]);
    expect((await work.git(["log", "--format=%s"])).stdout).toBe("Move files from DVC to mlgit\nwith DVC\n");
    expect(await work.status()).toBe("");
    expect(work.read("model.bin").equals(big)).toBe(true);
    expect(work.read("old/table.csv").equals(crlf)).toBe(true);
    expect(work.read("data/sub/b.txt").toString()).toBe("b");
    expect((await work.git(["ls-files", "-s", "bin/tool"])).stdout).toMatch(/^100755 /);
    expect(await show("HEAD:model.bin")).toMatch(/^version mlgit\/1\n/);
    expect(await show("HEAD:data/x.spec")).toBe("s");
    expect(await show("HEAD:data/sub/empty")).toBe("");
    expect(await show("HEAD:.gitignore")).toBe("/kept.tmp\n");
    expect((await work.git(["ls-files"])).stdout).not.toMatch(/model\.bin\.dvc|old\/\.gitignore/);
    expect([files(join(work.top, ".dvc")), files(team.box.path("dvc-remote"))]).toEqual(before);
    const stages = work.read("mlgit.yaml").toString();
    expect(stages).toContain("cp model.bin out.bin\n");
    expect(stages).toContain("params: [lr, other.yaml:a.b]");
    expect(stages).toContain("metrics: [metrics.json]");
    expect(stages).toMatch(/each@x:[^@]*outs: \[plots\/x\.json\]\n {4}metrics: \[m_x\.json\]\n/);
    expect(stages).toMatch(/each@x:[^@]*frozen: true\n {4}always: true/);
    expect(existsSync(join(work.top, "dvc.yaml"))).toBe(true);
    expect((await work.mlgit(["dag"])).stdout).toContain("train");
    await work.git(["push", "-q", "origin", "main"]);
    const fresh = await team.clone("fresh");
    expect(fresh.read("out.bin").toString()).toBe("result");
    expect(await fresh.status()).toBe("");
  }, 240_000);

  it("takes nothing from a hostile project: paths that leave it, names of git's, links, lies", async () => {
    const evil = team.at(await team.box.init("evil"));
    await evil.mlgit(["init", "-q"]);
    const bad = new DvcFixture(evil.top);
    const md5 = bad.store(Buffer.from("payload"));
    const paths = ["../up", "/etc/abs", "a/../../up", ".git/hooks/x", "sub/.gitattributes", "b\\c", "ok"];
    const listing = bad.storeListing(paths.map((relpath) => ({ md5, relpath })));
    bad.track("dir", `md5: ${listing}.dir\nhash: md5`);
    bad.write(
      "out.dvc",
      `outs:\n- {md5: ${md5}, path: ../../up, hash: md5}\n- {md5: ${md5}, path: /etc/abs, hash: md5}\n`,
    );
    bad.write("lie.dvc", `outs:\n- {md5: ${"f".repeat(32)}, path: lie, hash: md5}\n`);
    bad.write(`.dvc/cache/files/md5/ff/${"f".repeat(30)}`, "not that");
    bad.write("bomb.dvc", "a: &a [x, x]\nb: &b [*a, *a]\nouts: no list\n");
    bad.write("good.dvc", `outs:\n- {md5: ${md5}, path: linked/good, hash: md5}\n`);
    symlinkSync("/tmp", join(evil.top, "linked"));
    await evil.git(["add", "--", "*.dvc"]);
    await evil.git(["commit", "-qm", "evil"]);
    const report = await migrate(["--allow-missing"], 11, evil);
    expect(report.error.message).toContain("linked/good");
    rmSync(join(evil.top, "linked"));
    const done = await migrate(["--allow-missing"], 1, evil);
    expect(done.missing).toMatchObject([{ path: "lie", reason: expect.stringContaining("damaged") }]);
    expect(done.problems.map(({ path }: { path: string }) => path)).toEqual(
      expect.arrayContaining(["dir/../up", "dir//etc/abs", "dir/.git/hooks/x", "dir/sub/.gitattributes", "out.dvc"]),
    );
    expect((await evil.git(["ls-files"])).stdout.split("\n").filter(Boolean)).toEqual([
      ".gitattributes",
      "bomb.dvc",
      "dir.dvc",
      "lie.dvc",
      "linked/good",
      "out.dvc",
    ]);
    expect(existsSync(team.box.path("up"))).toBe(false);
    expect(await evil.status()).toContain("?? .gitignore");
  }, 120_000);
});
