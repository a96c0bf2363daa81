import { chmodSync, readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { projectRoot } from "../helper/build.ts";
import { spy } from "../helper/spy.ts";
import { type Clone, createProject, createTeam, type Team } from "../helper/team.ts";

const plain = ["-c", "filter.mlgit.process=", "-c", "filter.mlgit.clean=", "-c", "filter.mlgit.required=false"];

describe("raw bytes under a tracked path", () => {
  let team: Team;
  let work: Clone;
  /** Commits files as somebody without mlgit does. */
  const commitRaw = async (...paths: string[]) => {
    for (const path of paths) work.write(path, `raw ${path}`);
    await work.git([...plain, "add", "-A"]);
    await work.git([...plain, "commit", "-qnm", `raw ${paths.join(" ")}`]);
  };
  const refused = async (args: readonly string[]) => (await work.git(["push", "-q", ...args], { code: 1 })).stderr;
  const tip = async (ref: string) => (await work.git(["rev-parse", ref])).stdout.trim();
  const listed = async (remote = "origin") => (await work.git(["ls-remote", remote])).stdout;
  beforeAll(async () => {
    team = await createTeam();
    work = await createProject(team);
    work.write("data/x", "data");
    work.write("deep/er/code.py", "print()");
    await work.commit();
    await work.git(["push", "-q", "-u", "origin", "main"]);
  });
  afterAll(() => team.box.remove());
  afterEach(async () => {
    await work.git([...plain, "reset", "-q", "--hard", "origin/main"]);
  });

  it.each([
    ["small ones", "data/small", "raw"],
    ["large ones", "model.bin", "x".repeat(5000)],
    ["deep ones", "data/a/b/c d/e\u00e9", "raw"],
  ])("is not pushed to any branch: %s", async (_, path, bytes) => {
    work.write(path, bytes);
    await commitRaw("readme");
    const before = await listed();
    for (const args of [
      ["origin", "main"],
      ["origin", "main:new"],
      [team.remote, "HEAD:refs/heads/new"],
    ]) {
      const said = await refused(args);
      expect(said).toContain(`${path}: its bytes are in git, and not a pointer`);
      expect(said).toContain("git add --renormalize <path>");
      expect(said).not.toContain("readme");
    }
    expect(await listed()).toBe(before);
  });

  it("is pushed when it was made a pointer since, or when that is meant", async () => {
    await commitRaw("data/raw");
    await work.git(["-c", "mlgit.allowRaw=true", "push", "-q", "origin", "main:meant"]);
    await work.git(["add", "--renormalize", "data/raw"]);
    await work.git(["commit", "-qm", "mended"]);
    await work.git(["push", "-q", "origin", "main:mended"]);
  });

  it("is judged by the attributes of its own commit and not by those that are checked out", async () => {
    work.write(".gitattributes", "*.dat filter=mlgit -text\n");
    await commitRaw("x.dat", "data/untracked here");
    const commit = await tip("HEAD");
    await work.git([...plain, "reset", "-q", "--hard", "origin/main"]);
    const said = await refused(["origin", `${commit}:refs/heads/other`]);
    expect(said).toContain("x.dat: its bytes");
    expect(said).not.toContain("untracked here");
  });

  it("lets be what the remote had before the path was tracked, renamed too, and names it where the remote has nothing", async () => {
    await commitRaw("old.dat");
    await work.git(["push", "-q", "origin", "main"]);
    work.write(".gitattributes", `${work.read(".gitattributes")}*.dat filter=mlgit -text\n`);
    await work.git([...plain, "mv", "old.dat", "renamed.dat"]);
    await commitRaw("code.py");
    await work.git(["push", "-q", "origin", "main"]);
    const empty = team.box.path("empty.git");
    await work.git(["init", "-q", "--bare", empty]);
    const said = await refused([empty, "main"]);
    expect(said).toContain("renamed.dat: its bytes");
    await work.git(["add", "--renormalize", "."]);
    await work.git(["commit", "-qm", "tracked from here on"]);
    await work.git(["push", "-q", empty, "main"]);
    await work.git(["push", "-q", "origin", "main"]);
  });

  it("is refused for tags and by a git remote in a store, with --no-verify too", async () => {
    await commitRaw("data/tagged");
    await work.git(["tag", "-m", "t", "t"]);
    await work.git(["tag", "tree", "HEAD^{tree}"]);
    expect(await refused(["origin", "t"])).toContain("data/tagged: its bytes");
    await work.git(["push", "-q", "origin", "tree"]);
    const url = `mlgit::file://${team.box.path("bucket")}`;
    expect(await refused(["--no-verify", url, "main"])).toContain("data/tagged: its bytes");
    await work.git(["-c", "mlgit.allowRaw=true", "push", "-q", url, "main"]);
    await work.git(["tag", "-d", "t", "tree"]);
  });

  it("is refused by a server's hook from somebody without any", async () => {
    const hook = team.box.write("remote.git/hooks/pre-receive", readFileSync(`${projectRoot}/hooks/pre-receive`));
    chmodSync(hook, 0o755);
    await commitRaw("data/server");
    const before = await listed();
    for (const ref of ["main", "main:new"])
      expect(await refused(["--no-verify", "origin", ref])).toMatch(
        /remote: {3}data\/server: its bytes[\s\S]*`git config mlgit.allowRaw true`/,
      );
    expect(await listed()).toBe(before);
    await work.git(["config", "mlgit.allowRaw", "true"], { cwd: team.remote });
    await work.git(["push", "-q", "--no-verify", "origin", "main:let-in"]);
    await work.git(["config", "--unset", "mlgit.allowRaw"], { cwd: team.remote });
    await team.box.run("rm", [hook]);
  });

  it("costs a push as many processes for one file as for many, and fewer for data", async () => {
    const asked = async () => {
      const seen = await spy(team.box, (env) => work.git(["push", "-q", "origin", "main:cost"], { env }));
      return seen.git.filter((argv) =>
        /^git (rev-list --boundary|diff-tree|ls-tree|update-index|check-attr)/.test(argv),
      );
    };
    const words = (lines: readonly string[]) => lines.map((line) => line.split(" ")[1]).sort();
    for (let i = 0; i < 50; i++) work.write(`many/${i}.py`, `${i}`);
    await work.commit();
    await asked();
    work.write("many/7.py", "seven");
    await work.commit();
    expect(words(await asked())).toEqual(["diff-tree"]);
    const again = await spy(team.box, (env) => work.git(["push", "-q", "origin", "main:same"], { env }));
    expect(again.git.filter((argv) => /^git (diff-tree|check-attr)/.test(argv))).toEqual([]);
    for (let i = 0; i < 50; i++) work.write(`data/many/${i}`, `${i}`);
    await work.commit();
    expect(words(await asked())).toEqual(["diff-tree"]);
  });
});
