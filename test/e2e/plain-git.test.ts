import { mkdirSync, rmSync, statSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { oidOf, pointerOf } from "../helper/pointer-of.ts";
import { randomBytes } from "../helper/sandbox.ts";
import { type Clone, createProject, createTeam, type Team } from "../helper/team.ts";

describe("plain git on tracked data", () => {
  const big = randomBytes("plain git", 600_000);
  const side = randomBytes("plain git, other branch", 600_000);
  let team: Team;
  let work: Clone;
  beforeAll(async () => {
    team = await createTeam();
    work = await createProject(team);
    work.write("big.bin", big);
    work.write("data/copy 1", big);
    work.write("data/copy 2", big);
    work.write("run.bin", "#!/bin/sh\n");
    work.write("data/small", "small");
    await team.box.run("chmod", ["+x", `${work.top}/run.bin`]);
    await work.commit("base");
    await work.git(["checkout", "-q", "-b", "side"]);
    work.write("big.bin", side);
    await work.git(["mv", "data/small", "data/renamed"]);
    await work.commit("side");
    await work.git(["checkout", "-q", "main"]);
    await work.git(["push", "-q", "origin", "main", "side"]);
  });
  afterAll(() => team.box.remove());
  const isBig = (clone: Clone, path: string, bytes = big) => oidOf(clone.read(path)) === oidOf(bytes);

  it("clones duplicates, modes and renames with everything in place and status clean", async () => {
    const clone = await team.clone("clone");
    for (const path of ["big.bin", "data/copy 1", "data/copy 2"]) expect(isBig(clone, path)).toBe(true);
    expect(statSync(`${clone.top}/run.bin`).mode & 0o100).toBe(0o100);
    expect(await clone.status()).toBe("");
    await clone.git(["switch", "-q", "side"]);
    expect(isBig(clone, "big.bin", side)).toBe(true);
    expect(clone.read("data/renamed").toString()).toBe("small");
    expect(await clone.status()).toBe("");
    clone.write("data/copy 1", "edited");
    expect(isBig(clone, "data/copy 2")).toBe(true);
  });

  it("streams the bytes to git archive and cat-file --filters, and takes them from hash-object", async () => {
    await team.box.git(["archive", "-o", team.box.path("a.tar"), "HEAD"], { cwd: work.top });
    mkdirSync(team.box.path("unpacked"), { recursive: true });
    await team.box.run("tar", ["xf", team.box.path("a.tar"), "-C", team.box.path("unpacked")]);
    expect(oidOf(team.box.read("unpacked/data/copy 2"))).toBe(oidOf(big));
    expect(oidOf((await work.git(["cat-file", "--filters", "HEAD:big.bin"])).bytes)).toBe(oidOf(big));
    const hashed = await work.git(["hash-object", "-w", "--path", "x.bin", "--stdin"], { input: "by hand" });
    expect((await work.git(["cat-file", "blob", hashed.stdout.trim()])).stdout).toBe(pointerOf("by hand"));
    expect((await work.git(["cat-file", "--filters", "--path=x.bin", hashed.stdout.trim()])).stdout).toBe("by hand");
  });

  it("has a clean worktree in a merge with --autostash that conflicts, and brings back what was changed when it is aborted", async () => {
    const clone = await team.clone("autostash", { args: ["-b", "main"] });
    await clone.git(["checkout", "-q", "-b", "other"]);
    clone.write("text", "theirs");
    await clone.commit("theirs");
    await clone.git(["checkout", "-q", "main"]);
    clone.write("text", "ours");
    await clone.commit("ours");
    const changed = randomBytes("autostashed", 500_000);
    clone.write("big.bin", changed);
    await clone.git(["merge", "-q", "--autostash", "other"], { code: 1 });
    expect(isBig(clone, "big.bin")).toBe(true);
    expect(await clone.status()).toBe("AA text\n");
    await clone.git(["merge", "--abort"]);
    expect(isBig(clone, "big.bin", changed)).toBe(true);
    expect(await clone.status()).toBe(" M big.bin\n");
  });

  it("stashes, and brings back, what was changed", async () => {
    const changed = randomBytes("stashed", 500_000);
    work.write("big.bin", changed);
    work.write("data/new", "not known to git");
    await work.git(["stash", "-q", "-u"]);
    expect(isBig(work, "big.bin")).toBe(true);
    expect(await work.status()).toBe("");
    await work.git(["stash", "pop", "-q"]);
    expect(isBig(work, "big.bin", changed)).toBe(true);
    expect(work.read("data/new").toString()).toBe("not known to git");
    await work.git(["checkout", "-q", "side", "--", "big.bin"]);
    expect(isBig(work, "big.bin", side)).toBe(true);
    rmSync(`${work.top}/data/new`);
    await work.git(["reset", "-q", "--hard"]);
    expect(await work.status()).toBe("");
  });

  it("checks out by hunks and single paths", async () => {
    work.write("data/small", "changed");
    await work.git(["checkout", "-p", "data/small"], { input: "y\n" });
    expect(work.read("data/small").toString()).toBe("small");
    rmSync(`${work.top}/big.bin`);
    await work.git(["restore", "big.bin"]);
    expect(isBig(work, "big.bin")).toBe(true);
    expect(await work.status()).toBe("");
  });

  it("shows what restore brought from elsewhere where git compares only sizes and whole seconds", async () => {
    const clone = await team.clone("minimal", { args: ["-c", "core.checkStat=minimal"] });
    // Both within one second, for one of the times at least.
    for (let time = 0; time < 4; time++) {
      await clone.git(["checkout", "-q", "HEAD", "--", "big.bin"]);
      await clone.git(["restore", "--source=origin/side", "big.bin"]);
      expect(await clone.status()).toBe(" M big.bin\n");
      await clone.git(["restore", "big.bin"]);
      expect(isBig(clone, "big.bin")).toBe(true);
    }
    expect(await clone.status()).toBe("");
  });

  it("fills linked worktrees from the same cache", async () => {
    await work.git(["worktree", "add", "-q", team.box.path("linked"), "side"]);
    const linked = team.at(team.box.path("linked"));
    expect(isBig(linked, "big.bin", side)).toBe(true);
    expect(await linked.status()).toBe("");
    linked.write("new.bin", "in the linked one");
    await linked.commit();
    await work.git(["merge", "-q", "--no-edit", "side"]);
    expect(work.read("new.bin").toString()).toBe("in the linked one");
    await work.git(["reset", "-q", "--hard", "HEAD~1"]);
    await work.git(["worktree", "remove", "--force", linked.top]);
  });

  it("fills a submodule", async () => {
    const outer = team.at(await team.box.init("outer"));
    const allow = ["-c", "protocol.file.allow=always"];
    await outer.git([...allow, "submodule", "--quiet", "add", "-b", "main", team.remote, "sub"]);
    expect(oidOf(outer.read("sub/big.bin"))).toBe(oidOf(big));
    await outer.commit();
    const again = team.box.path("outer again");
    await team.box.git([...allow, "clone", "-q", "--recurse-submodules", outer.top, again]);
    expect(oidOf(team.at(again).read("sub/data/copy 1"))).toBe(oidOf(big));
    expect((await team.box.git(["status", "--porcelain"], { cwd: again })).stdout).toBe("");
  });

  it("fills a submodule that changes with the outer repository", async () => {
    const outer = team.at(await team.box.init("recursing"));
    await outer.git([
      "-c",
      "protocol.file.allow=always",
      "submodule",
      "--quiet",
      "add",
      "-b",
      "main",
      team.remote,
      "sub",
    ]);
    await outer.commit("main");
    const sub = team.at(`${outer.top}/sub`);
    await sub.git(["switch", "-q", "--detach", "origin/side"]);
    await outer.commit("side");
    await outer.git(["checkout", "-q", "--recurse-submodules", "HEAD~1"]);
    expect(isBig(sub, "big.bin")).toBe(true);
    await outer.git(["checkout", "-q", "--recurse-submodules", "main"]);
    expect(isBig(sub, "big.bin", side)).toBe(true);
    expect(await outer.status()).toBe("");
    expect(await sub.status()).toBe("");
  });

  it("knows a pointer whose lines git ends in another way, and content that looks like one", async () => {
    const clone = await team.clone("crlf");
    const like = `${pointerOf("other").replaceAll("\n", "\r\n")}`;
    clone.write(".gitattributes", "*.txt filter=mlgit text eol=crlf\n*.raw filter=mlgit -text\n");
    clone.write("small.txt", "a\r\nb\r\n");
    clone.write("big.txt", "line\r\n".repeat(100_000));
    clone.write("like.raw", like);
    await clone.git(["add", "--", "*.txt", ".gitattributes"]);
    const { stdout } = await clone.git(["hash-object", "-w", "--no-filters", "like.raw"]);
    await clone.git(["update-index", "--add", "--cacheinfo", `100644,${stdout.trim()},like.raw`]);
    await clone.git(["commit", "-qnm", "lines"]);
    const files = ["small.txt", "big.txt", "like.raw"];
    const before = files.map((path) => oidOf(clone.read(path)));
    for (const path of files) rmSync(`${clone.top}/${path}`);
    await clone.git(["checkout", "-q", "--", "."]);
    expect(files.map((path) => oidOf(clone.read(path)))).toEqual(before);
    expect(await clone.git(["status", "--porcelain", "*.txt"])).toMatchObject({ stdout: "" });
    expect(oidOf((await clone.git(["cat-file", "--filters", "HEAD:big.txt"])).bytes)).toBe(before[1]);
  });

  it("works in a sha256 repository", async () => {
    const modern = await createTeam(["--object-format=sha256"]);
    try {
      // git 2.39 clones an empty repository as sha1, whatever it is.
      const first = modern.at(await modern.box.init("first", "--object-format=sha256"));
      await first.git(["remote", "add", "origin", modern.remote]);
      first.write(".gitattributes", "*.bin filter=mlgit\ndata/** filter=mlgit\n");
      first.write("big.bin", big);
      first.write("data/small", "small");
      await first.mlgit(["add", "."]);
      await first.git(["commit", "-qm", "x"]);
      expect((await first.git(["push", "-q", "origin", "main"])).stderr).not.toContain("error");
      const second = await modern.clone("second");
      expect(oidOf(second.read("big.bin"))).toBe(oidOf(big));
      expect(await second.status()).toBe("");
    } finally {
      modern.box.remove();
    }
  });

  it("hydrates the others when one content is nowhere, says which, and still succeeds", async () => {
    await work.git(["checkout", "-q", "-b", "lossy", "main"]);
    const lost = randomBytes("lost", 400_000);
    work.write("data/lost", lost);
    work.write("data/other", side);
    await work.commit();
    await work.mlgit(["push", "origin", "side"]);
    await work.git(["push", "-q", "--no-verify", "origin", "lossy"]);
    await team.box.git(["clone", "-q", "-b", "side", team.remote, team.box.path("lossy clone")]);
    const clone = team.at(team.box.path("lossy clone"));
    const { stderr } = await clone.git(["switch", "lossy"]);
    expect(stderr).toContain("data/lost");
    expect(stderr).toContain(`sha256:${oidOf(lost)}`);
    expect(stderr).toContain("git mlgit hydrate");
    expect(clone.read("data/lost").toString()).toBe(pointerOf(lost));
    expect(isBig(clone, "data/other", side)).toBe(true);
    expect(await clone.status()).toBe("");
    await work.git(["checkout", "-q", "main"]);
  });

  it("adds a file that grows meanwhile as something whole, or says so", async () => {
    const grow = `i=0; while [ $i -lt 400 ]; do head -c 20000 /dev/zero >>grow.bin; i=$((i+1)); done & git add grow.bin; code=$?; wait; exit $code`;
    const { code } = await team.box.run("sh", ["-c", grow], { cwd: work.top, code: "any" });
    if (code === 0) {
      const pointer = (await work.git(["cat-file", "blob", ":grow.bin"])).stdout;
      const size = Number(/size (\d+)/.exec(pointer)?.[1]);
      expect(pointer).toBe(pointerOf(Buffer.alloc(size)));
      expect((await work.git(["cat-file", "--filters", ":grow.bin"])).bytes.equals(Buffer.alloc(size))).toBe(true);
    }
    await work.git(["rm", "-q", "-f", "--ignore-unmatch", "grow.bin"]);
  });
});
