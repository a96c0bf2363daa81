import { rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { createStoreRemote } from "../helper/store-remote.ts";

// Each step starts several programs, and the machine may be busy.
jest.setTimeout(240_000);

describe("everything that git does with a server", () => {
  const box = createStoreRemote();
  afterAll(() => box.remove());
  const oid = (name: string, what: string) => box.in(name, "rev-parse", what);
  const listed = (...patterns: string[]) => box.in("a", "ls-remote", "origin", ...patterns);

  beforeAll(async () => {
    await box.first("a");
    await box.commit("a", "two", "2");
    await box.in("a", "push", "-q", "-u", "origin", "main");
    await box.clone("b");
  });

  it("pushes all refs of --atomic or none", async () => {
    await box.commit("b", "b", "b");
    await box.in("b", "push", "-q");
    await box.in("a", "branch", "-f", "side");
    await box.commit("a", "a", "a");
    const { code, stderr } = await box.attempt("a", "push", "--atomic", "origin", "main", "side");
    expect(code).toBe(1);
    expect(stderr).toContain("fetch first");
    expect(await listed("side")).toBe("");
    await box.in("a", "pull", "-q", "--rebase");
    await box.in("a", "push", "-q", "--atomic", "origin", "main", "side");
    expect(await listed("side")).toContain(await oid("a", "side"));
  });

  it("only says what it would do with --dry-run, in lines for programs with --porcelain", async () => {
    const lines = await box.in("a", "push", "--dry-run", "--porcelain", "origin", "HEAD:refs/heads/dry");
    expect(lines).toContain("*\tHEAD:refs/heads/dry\t[new branch]");
    expect(await listed("dry")).toBe("");
  });

  it("has the forms of --force-with-lease and --force-if-includes", async () => {
    await box.in("a", "push", "-q", "--force-with-lease", "origin", "HEAD~1:side");
    const none = await box.attempt("a", "push", "--force-with-lease=side:", "origin", "HEAD:side");
    expect(none.stderr).toContain("stale info");
    await box.in("a", "push", "-q", "--force-with-lease=fresh:", "origin", "HEAD:refs/heads/fresh");
    await box.in("b", "fetch", "-q");
    await box.in("b", "push", "-q", "-f", "origin", "origin/main:side");
    await box.in("a", "fetch", "-q");
    const includes = await box.attempt("a", "push", "--force-with-lease", "--force-if-includes", "origin", "side");
    expect(includes.code).toBe(1);
    await box.in("a", "push", "-q", "--force", `--force-with-lease=side:${"1".repeat(40)}`, "origin", "HEAD~1:side");
    expect(await listed("side")).toContain(await oid("a", "HEAD~1"));
  });

  it("takes expressions with spaces and colons, tags of all kinds and refs beside heads and tags", async () => {
    await box.in("a", "commit", "-q", "--allow-empty", "-m", "two words: here");
    await box.in(
      "a",
      "push",
      "-q",
      "origin",
      "HEAD^{/two words: here}:refs/heads/words",
      ":/two words:refs/heads/more",
    );
    await box.in("a", "tag", "light");
    await box.in("a", "tag", "-am", "a tag", "heavy");
    await box.in("a", "notes", "add", "-m", "note");
    await box.in("a", "push", "-q", "origin", "--tags", "refs/notes/*");
    expect(await listed()).toContain("refs/notes/commits");
    expect((await box.attempt("a", "push", "origin", "main:refs/heads/words/below")).stderr).toContain(
      "cannot both exist",
    );
    await box.in("a", "tag", "-f", "light", "HEAD~1");
    expect((await box.attempt("a", "push", "origin", "light")).stderr).toContain("already exists");
    await box.in("b", "fetch", "-q");
    expect(await oid("b", "heavy^{}")).toBe(await oid("a", "heavy^{}"));
  });

  it("prunes and mirrors", async () => {
    await box.in("a", "push", "-q", "origin", ":words", ":more", ":fresh");
    await box.in("b", "fetch", "-q", "--prune");
    expect(await box.in("b", "branch", "-r")).not.toContain("words");
    await box.git(["clone", "-q", "--mirror", box.url, box.path("mirror.git")]);
    expect(await box.in("mirror.git", "for-each-ref")).toBe(await listedAsRefs());
    await box.in("mirror.git", "update-ref", "-d", "refs/heads/side");
    await box.in("mirror.git", "push", "-q", "--mirror", box.url);
    expect(await listed("refs/heads/side")).toBe("");
  });

  async function listedAsRefs(): Promise<string> {
    const lines = (await listed()).split("\n").filter((line) => !/\^\{\}$|\tHEAD$/.test(line));
    const types = await Promise.all(lines.map((line) => box.in("a", "cat-file", "-t", line.split("\t")[0]!)));
    return lines.map((line, i) => line.replace("\t", ` ${types[i]}\t`)).join("\n");
  }

  it("makes shallow and partial clones, and fetches the rest when it is needed", async () => {
    await box.clone("shallow", "--depth", "1");
    await box.in("shallow", "fetch", "-q", "--deepen", "1");
    expect(await box.in("shallow", "rev-list", "--count", "HEAD")).toBe("2");
    const broken = await box.attempt(
      "shallow",
      "push",
      `mlgit::file://${box.path("bucket/other")}`,
      "HEAD:refs/heads/x",
    );
    expect(broken.stderr).toContain("shallow update not allowed");
    await box.commit("shallow", "s", "s");
    await box.in("shallow", "push", "-q", "origin", "HEAD:refs/heads/from-shallow");
    await box.clone("partial", "--filter=blob:none");
    expect(await box.in("partial", "show", "HEAD~1:two")).toBe("2");
    await box.in("partial", "fetch", "-q", "--refetch");
    await box.in("b", "fetch", "-q", "origin", await oid("a", "HEAD~1"));
    await box.git(["clone", "-q", "--reference", box.path("a"), box.url, box.path("reference")]);
    await box.in("reference", "fsck");
  });

  it("refuses a repository with other hashes, and keeps sha256 ones", async () => {
    const other = `mlgit::file://${box.path("bucket/sha256")}`;
    await box.first("long", "--object-format=sha256");
    expect((await box.attempt("long", "push", "origin", "main")).stderr).toContain("sha1 objects");
    await box.in("long", "push", "-q", other, "main");
    await box.git(["clone", "-q", other, box.path("long2")]);
    expect(await oid("long2", "HEAD")).toBe(await oid("long", "HEAD"));
    await box.in("long2", "fsck", "--strict");
  });

  it("serves an emptied repository with its HEAD, and a detached one", async () => {
    const other = `mlgit::file://${box.path("bucket/empty")}`;
    await box.in("a", "push", "-q", other, "HEAD:refs/heads/trunk", "HEAD:refs/tags/t");
    await box.in("a", "push", "-q", other, ":refs/tags/t");
    await box.git(["clone", "-q", other, box.path("trunk")]);
    expect(await box.in("trunk", "symbolic-ref", "HEAD")).toBe("refs/heads/trunk");
    await box.in("a", "checkout", "-q", "--detach");
    await box.in("a", "push", "-q", `mlgit::file://${box.path("bucket/tagged")}`, "HEAD:refs/tags/only");
    await box.git(["clone", "-q", `mlgit::file://${box.path("bucket/tagged")}`, box.path("tagged")]);
    expect(await box.in("tagged", "tag")).toBe("only");
    await box.in("a", "checkout", "-q", "main");
  });

  it.each(["0", "1", "2"])("speaks with a git that was told to use protocol %s", async (version) => {
    const name = `protocol${version}`;
    await box.git(["-c", `protocol.version=${version}`, "clone", "-q", box.url, box.path(name)]);
    await box.commit(name, name, name);
    await box.in(name, "-c", `protocol.version=${version}`, "pull", "-q", "--rebase");
    await box.in(name, "-c", `protocol.version=${version}`, "push", "-q");
  });

  it("goes on after git gc on either side, and from worktrees", async () => {
    await box.in("b", "pull", "-q");
    await box.in("b", "gc", "-q", "--prune=now");
    await box.in("b", "worktree", "add", "-q", box.path("linked"), "-b", "linked");
    await box.commit("linked", "linked", "linked");
    await box.in("linked", "push", "-q", "origin", "linked");
    await box.in("a", "fetch", "-q");
    expect(await oid("a", "origin/linked")).toBe(await oid("linked", "HEAD"));
  });

  it("sends what is there, not what it is replaced by", async () => {
    await box.in("b", "replace", "HEAD", "HEAD~1");
    await box.in("b", "push", "-q", "origin", "HEAD:refs/heads/replaced");
    await box.in("b", "replace", "-d", "HEAD");
    await box.clone("plain");
    await box.in("plain", "fsck", "--strict");
  });

  it("gives archives, and is allowed in submodules only by the user", async () => {
    expect((await box.git(["archive", `--remote=${box.url}`, "main", "two"])).bytes.includes("two")).toBe(true);
    await box.init("super");
    const args = ["submodule", "add", "-q", box.url, "sub"];
    expect((await box.attempt("super", ...args)).stderr).toContain("not allowed");
    await box.in("super", "-c", "protocol.mlgit.allow=always", ...args);
  });

  it("makes a new local copy when the old one is damaged, lost, or of a prefix that was wiped", async () => {
    const mirrors = box.path("home/.cache/mlgit/mirrors");
    await box.run("sh", [
      "-c",
      `for f in ${mirrors}/*.git/objects/pack/*.pack; do chmod u+w "$f"; echo x >>"$f"; done`,
    ]);
    await box.clone("again");
    rmSync(box.path("bucket/project"), { recursive: true });
    const unmounted = await box.attempt("again", "push", "origin", "main");
    expect(unmounted.stderr).toContain("folder does not exist");
    box.write("bucket/project/.keep", "");
    expect((await box.attempt("again", "push", "origin", "main")).stderr).toContain("is made anew");
    await box.clone("renewed");
    expect(await oid("renewed", "HEAD")).toBe(await oid("again", "HEAD"));
    await box.in("renewed", "fsck", "--strict");
  });
});
