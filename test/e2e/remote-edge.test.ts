import { rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { createStoreRemote } from "../helper/store-remote.ts";

// Each step starts several programs, and the machine may be busy.
jest.setTimeout(240_000);

describe("what git does more rarely with a server", () => {
  const box = createStoreRemote();
  afterAll(() => box.remove());
  const oid = (name: string, what: string) => box.in(name, "rev-parse", what);
  const listed = (...patterns: string[]) => box.in("a", "ls-remote", "origin", ...patterns);

  beforeAll(async () => {
    await box.first("a");
    for (const n of [1, 2, 3, 4]) {
      box.write("a/file", `${n}\n`);
      await box.in("a", "add", "-A");
      const when = `2026-01-0${n}T00:00:00Z`;
      await box.git(["commit", "-qm", `day ${n}`, `--date=${when}`], {
        cwd: box.path("a"),
        env: { GIT_COMMITTER_DATE: when },
      });
    }
    await box.in("a", "tag", "day2", "HEAD~2");
    await box.in("a", "push", "-q", "-u", "origin", "main", "--tags");
    await box.clone("b");
  });

  it("has shallow clones by date and by what to leave out", async () => {
    await box.clone("since", "--shallow-since=2026-01-03T00:00:00Z");
    expect(await box.in("since", "rev-list", "--count", "HEAD")).toBe("2");
    await box.clone("without", "--shallow-exclude=day2");
    expect(await box.in("without", "rev-list", "--count", "HEAD")).toBe("2");
    await box.in("without", "fetch", "-q", "--deepen=1");
    expect(await box.in("without", "rev-list", "--count", "HEAD")).toBe("3");
  });

  it("lets nothing of another object format into an empty repository, and names both", async () => {
    const url = `mlgit::file://${box.path("bucket/sha256")}`;
    await box.first("long", "--object-format=sha256");
    await box.in("long", "push", "-q", url, "HEAD:main");
    await box.init("short");
    await box.in("short", "remote", "add", "origin", url);
    const fetched = await box.attempt("short", "fetch", "origin");
    expect(fetched.code).not.toBe(0);
    expect(fetched.stderr).toContain("the remote keeps sha256 objects and this repository sha1");
    expect(await box.in("short", "count-objects", "-v")).toContain("\npacks: 0\n");
    expect(await box.in("short", "fsck")).toBe("");
    await box.git(["clone", "-q", url, box.path("cloned")]);
    expect(await box.in("cloned", "rev-parse", "--show-object-format", "HEAD")).toBe(
      `sha256\n${await box.in("long", "rev-parse", "HEAD")}`,
    );
  });

  it("completes a partial clone without trees, also after the remote was collected", async () => {
    await box.clone("treeless", "--filter=tree:0", "--no-checkout");
    await box.mlgit(["remote", "gc", "--grace", "0", "origin"], { cwd: box.path("a") });
    expect(await box.in("treeless", "show", "HEAD~3:file")).toBe("1");
    await box.in("treeless", "checkout", "-q", "main");
    expect(box.read("treeless/data.bin").equals(box.read("a/data.bin"))).toBe(true);
    await box.commit("treeless", "from-partial", "x");
    await box.in("treeless", "push", "-q", "origin", "HEAD:refs/heads/partial");
    await box.in("a", "fetch", "-q");
    expect(await oid("a", "origin/partial")).toBe(await oid("treeless", "HEAD"));
  });

  it("prunes what it pushes, deletes by name, and keeps the lease of one branch", async () => {
    await box.in("b", "branch", "one");
    await box.in("b", "branch", "two", "HEAD~1");
    await box.in("b", "push", "-q", "origin", "one", "two");
    await box.in("b", "branch", "-D", "-q", "two");
    await box.in("b", "branch", "partial", "origin/main");
    await box.in("b", "push", "-q", "--force", "--prune", "origin", "refs/heads/*");
    expect(await listed("two")).toBe("");
    await box.in("b", "push", "-q", "--force-with-lease=one", "origin", "HEAD~1:one");
    await box.in("a", "push", "-q", "--force", "origin", "main~2:refs/heads/one");
    const stale = await box.attempt("b", "push", "--force-with-lease=one", "origin", "HEAD:one");
    expect(stale.stderr).toContain("stale info");
    await box.in("b", "push", "-q", "--delete", "origin", "one", "partial");
    expect(await listed("refs/heads/*")).toBe(`${await oid("a", "main")}\trefs/heads/main`);
  });

  it("sends the parents that commits have, and not those that a graft file gives them", async () => {
    const url = `mlgit::file://${box.path("bucket/grafted")}`;
    box.write("a/.git/info/grafts", `${await oid("a", "main")}\n`);
    await box.in("a", "push", "-q", url, "main");
    rmSync(box.path("a/.git/info/grafts"));
    const again = await box.git(["push", "-q", url, "main~1:refs/heads/older"], { cwd: box.path("a") });
    expect(again.stderr).toBe("");
    await box.git(["clone", "-q", url, box.path("grafted")]);
    expect(await box.in("grafted", "rev-list", "HEAD")).toBe(await box.in("a", "rev-list", "main"));
  });

  it("shares replace refs when asked to", async () => {
    await box.in("a", "replace", "main~1", "main~2");
    await box.in("a", "push", "-q", "origin", "refs/replace/*:refs/replace/*");
    await box.in("b", "fetch", "-q", "origin", "refs/replace/*:refs/replace/*");
    expect(await box.in("b", "replace", "-l")).toBe(await box.in("a", "--no-replace-objects", "rev-parse", "main~1"));
    await box.in("a", "replace", "-d", await box.in("b", "replace", "-l"));
    await box.in(
      "a",
      "push",
      "-q",
      "origin",
      "--delete",
      ...(await box.in("b", "replace", "-l")).split("\n").map((name) => `refs/replace/${name}`),
    );
  });

  it("serves a repository whose only ref was deleted as an empty one, and takes a first branch then", async () => {
    const url = `mlgit::file://${box.path("bucket/emptied")}`;
    await box.in("a", "push", "-q", url, "main:refs/tags/only");
    await box.in("a", "push", "-q", url, ":refs/tags/only");
    const clone = await box.git(["clone", url, box.path("emptied")]);
    expect(clone.stderr).toContain("cloned an empty repository");
    await box.in("a", "push", "-q", url, "main:refs/heads/trunk");
    await box.in("emptied", "fetch", "-q");
    expect(await oid("emptied", "origin/trunk")).toBe(await oid("a", "main"));
  });

  it("tells of progress when git asks for it, and is quiet when git is", async () => {
    const cache = { XDG_CACHE_HOME: box.path("cold") };
    const told = await box.git(["clone", "--progress", box.url, box.path("told")], { env: cache });
    expect(told.stderr).toMatch(/Receiving packs: .* done\.\n/);
    await box.commit("told", "told.bin", Buffer.alloc(5000, "told"));
    const push = ["push", "origin", "HEAD:refs/heads/told"];
    expect((await box.git([...push, "--progress"], { cwd: box.path("told") })).stderr).toMatch(
      /Uploading: .* done\.\n/,
    );
    await box.commit("told", "more.bin", Buffer.alloc(5000, "more"));
    expect((await box.git([...push, "--quiet"], { cwd: box.path("told") })).stderr).toBe("");
    await box.in("told", "push", "-q", "origin", ":refs/heads/told");
    const quiet = await box.git(["clone", "-q", "--no-checkout", box.url, box.path("quiet")], { env: cache });
    expect(quiet.stderr).toBe("");
  });

  it("follows tags of what is asked for and no others, in a clone of one branch and in a first fetch", async () => {
    const tip = await box.in("a", "commit-tree", "-p", "main", "-m", "aside", "main^{tree}");
    await box.in("a", "tag", "aside", tip);
    await box.in("a", "tag", "-am", "aside too", "aside-annotated", tip);
    await box.in("a", "tag", "-am", "three", "day3", "main~1");
    await box.in("a", "push", "-q", "origin", "--tags");
    await box.clone("one-branch", "--single-branch");
    await box.init("first-fetch");
    await box.in("first-fetch", "remote", "add", "-f", "origin", box.url);
    for (const name of ["one-branch", "first-fetch"]) {
      expect(await box.in(name, "tag")).toBe("day2\nday3");
      await box.in(name, "fsck", "--strict");
    }
    await box.in("one-branch", "fetch", "-q", "--tags");
    expect(await oid("one-branch", "aside-annotated^{}")).toBe(tip);
    await box.in("a", "push", "-q", "origin", ":aside", ":aside-annotated", ":day3");
    await box.in("a", "tag", "-d", "aside", "aside-annotated", "day3");
  });

  it("answers the questions of git remote", async () => {
    await box.in("a", "push", "-q", "origin", "main:refs/heads/gone");
    await box.in("b", "fetch", "-q", "--all");
    await box.in("a", "push", "-q", "origin", ":gone");
    const shown = await box.in("b", "remote", "show", "origin");
    expect(shown).toContain("HEAD branch: main");
    expect(shown).toMatch(/origin\/gone\s+stale/);
    expect(await box.in("b", "remote", "prune", "origin")).toContain("[pruned] origin/gone");
    await box.in("b", "remote", "set-head", "origin", "--auto");
    await box.clone("tagged", "--single-branch", "--branch", "day2");
    expect(await oid("tagged", "HEAD")).toBe(await oid("a", "day2"));
  });

  it("lists refs and makes an archive for somebody who is in no repository", async () => {
    const url = await box.in("a", "remote", "get-url", "origin");
    const outside = { cwd: box.path() };
    const { stdout } = await box.git(["ls-remote", url], outside);
    expect(stdout.trimEnd()).toBe(await box.in("a", "ls-remote", "origin"));
    const archive = await box.git(["archive", `--remote=${url}`, "main", "file"], outside);
    expect(archive.bytes.includes("4\n")).toBe(true);
  });

  it("refuses a signed push, which needs a server, and names that are none", async () => {
    const signed = await box.attempt("a", "push", "--signed=yes", "origin", "main:refs/heads/signed");
    expect(signed.code).not.toBe(0);
    expect(signed.stderr).toContain("--signed");
    expect((await box.attempt("a", "push", "origin", "main:refs/heads/two words")).code).not.toBe(0);
    expect((await box.attempt("a", "push", "origin", "main:refs/heads/co:lon")).code).not.toBe(0);
    expect(await listed("refs/heads/*")).toBe(`${await oid("a", "main")}\trefs/heads/main`);
  });

  it("keeps names of refs that a shell, a URL or a quoting rule would stumble over", async () => {
    const names = [`it's"so"`, "$(echo)`x`;&|<>", "50%25+#é🐛", "-dash", "a@b{c}!,=()", "HEAD/x"].map(
      (n) => `odd/${n}`,
    );
    const head = await oid("a", "main");
    const input = names.map((name) => `create refs/heads/${name}\0${head}\0`).join("");
    await box.git(["update-ref", "-z", "--stdin"], { cwd: box.path("a"), input });
    await box.in("a", "push", "-q", "--all", "origin");
    await box.in("b", "fetch", "-q", "--prune");
    const listing = ["for-each-ref", "--format=%(objectname) %(refname:lstrip=3)", "refs/remotes/origin/odd"];
    expect((await box.in("b", ...listing)).split("\n").sort()).toEqual(names.map((n) => `${head} ${n}`).sort());
    await box.in("b", "push", "-q", "origin", ...names.map((name) => `:refs/heads/${name}`));
    await box.in("a", "branch", "-q", "-D", "--", ...names);
    expect(await listed("refs/heads/odd/*")).toBe("");
  });

  it("pushes and fetches many branches at once", async () => {
    const head = await oid("a", "main");
    const input = Array.from({ length: 300 }, (_, i) => `create refs/heads/many/${i} ${head}\n`).join("");
    await box.git(["update-ref", "--stdin"], { cwd: box.path("a"), input });
    await box.in("a", "push", "-q", "--all", "origin");
    await box.in("b", "fetch", "-q");
    expect((await box.in("b", "branch", "-r", "--list", "origin/many/*")).split("\n")).toHaveLength(300);
  });

  it("lets a submodule use a folder through it only where the user allows folders", async () => {
    await box.init("super");
    const allow = ["-c", "protocol.mlgit.allow=always"];
    await box.in("super", ...allow, "submodule", "add", "-q", box.url, "sub");
    await box.in("super", "commit", "-qm", "with a submodule");
    const clone = (name: string, ...more: string[]) =>
      box.git([...allow, ...more, "clone", "-q", "--recurse-submodules", box.path("super"), box.path(name)], {
        code: "any",
      });
    const refused = await clone("deep", "-c", "protocol.file.allow=user");
    expect(refused.stderr).toContain("transport 'file' not allowed inside mlgit::");
    expect((await clone("deep2")).code).toBe(0);
    expect(box.read("deep2/sub/data.bin").equals(box.read("a/data.bin"))).toBe(true);
  });
});
