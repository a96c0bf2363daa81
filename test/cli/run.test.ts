import { join } from "node:path";
import { afterAll, describe, expect, it } from "@jest/globals";
import { run } from "../../src/cli/run.ts";
import { createSandbox } from "../helper/sandbox.ts";

describe("the command line", () => {
  const box = createSandbox();
  afterAll(() => box.remove());

  it("guesses what was meant by an unknown command", async () => {
    const { stdout, stderr } = await box.run("git-mlgit", ["versoin"], { code: 2 });
    expect(stderr).toBe("mlgit: unknown command 'versoin'\nhint: did you mean version?\n");
    expect(stdout).toBe("");
  });

  it("says 130 of a command that was stopped, however it noticed", async () => {
    const cwd = await box.init("stopped");
    await box.mlgit(["init"], { cwd });
    await box.mlgit(["track", "*.bin"], { cwd });
    box.write("stopped/a.bin", "a");
    const before = process.cwd();
    process.chdir(cwd);
    try {
      expect(await run(["add", "a.bin"], () => AbortSignal.abort())).toBe(130);
    } finally {
      process.chdir(before);
    }
  });

  it("says what to do about a path that is not UTF-8", async () => {
    const cwd = await box.init("bytes");
    await box.mlgit(["init"], { cwd });
    await box.mlgit(["track", "*.bin"], { cwd });
    const make = `mkdir d && echo x >"d/$(printf 'b\\377.bin')"`;
    await box.run("sh", ["-c", make], { cwd });
    const add = `git mlgit add "d/$(printf 'b\\377.bin')"`;
    const { stderr } = await box.run("sh", ["-c", add], { cwd, code: 1 });
    expect(stderr).toContain("hint: what is not UTF-8 cannot be named here; name the folder");
    await box.mlgit(["add", "d"], { cwd });
    expect((await box.git(["ls-files", "d"], { cwd })).stdout).toBe('"d/b\\377.bin"\n');
  });

  it("points to the command's own help for a wrong option", async () => {
    const { stderr } = await box.mlgit(["version", "--nope"], { code: 2 });
    expect(stderr).toContain("mlgit: unknown option '--nope'\nhint: see `git mlgit version -h`");
  });

  it.each([
    ["datasets commit --nope", "datasets commit"],
    ["datasets tag add --nope", "datasets tag add"],
    ["datasets --nope commit", "datasets"],
    ["store add --nope name", "store add"],
    ["--nope", undefined],
  ])("and to that of the subcommand that it was for: %s", async (args, command) => {
    const { stderr } = await box.mlgit(args.split(" "), { code: 2 });
    expect(stderr).toContain(
      `mlgit: unknown option '--nope'\nhint: see \`git mlgit ${command ? `${command} ` : ""}-h\``,
    );
  });

  it.each([
    [["store", "frob"], 'store has no subcommand "frob"', "add, remove"],
    [["datasets", "tag", "frob"], 'datasets tag has no subcommand "frob"', "list, add"],
    [["labels", "frob", "x"], 'labels has no subcommand "frob"', "create"],
  ])("lists the subcommands where there is none of a name: %j", async (args, message, known) => {
    const { stderr } = await box.mlgit(args, { code: 2 });
    expect(stderr).toMatch(new RegExp(`^mlgit: ${message}\nhint: there are: .*${known.split(", ")[0]}`));
    expect(stderr).toContain(known.split(", ").at(-1));
  });

  it("does not call an argument too many a subcommand", async () => {
    for (const args of [
      ["version", "x"],
      ["store", "list", "x"],
      ["lineage", "show", "x", "y"],
    ])
      expect((await box.mlgit(args, { code: 2 })).stderr).toContain("too many arguments");
  });

  it("prints errors for people on stderr and, with --json, for programs on stdout", async () => {
    const { stdout, stderr } = await box.mlgit(["help", "nosuch", "--json"], { code: 2 });
    expect(stderr).toContain("mlgit: no manual for 'nosuch'");
    expect(JSON.parse(stdout)).toEqual({
      error: {
        kind: "usage",
        message: "no manual for 'nosuch'",
        hint: "`git mlgit -h` lists the commands",
        exitCode: 2,
      },
    });
  });

  it("takes what follows -- as an operand, also when it looks like an option", async () => {
    const { stdout, stderr } = await box.mlgit(["completion", "--", "--json"], { code: 2 });
    expect(stderr).toContain("no completion for '--json'");
    expect(stdout).toBe("");
  });

  it("prints errors only when asked to be quiet", async () => {
    expect((await box.mlgit(["completion", "bash", "-q"])).stdout).toBe("");
    expect((await box.mlgit(["completion", "cmd", "--quiet"], { code: 2 })).stderr).toContain("no completion");
  });

  it("says nothing when nobody reads its output any more", async () => {
    const { stderr } = await box.run("bash", ["-c", "git-mlgit completion fish | true"]);
    expect(stderr).toBe("");
  });

  it("fails when its output cannot be written", async () => {
    const { stderr } = await box.run("bash", ["-c", "git-mlgit version >/dev/full"], { code: 8 });
    expect(stderr).toContain("cannot write the output");
  });

  it("logs a failure in the repository's cache", async () => {
    const repository = await box.init("logged");
    await box.mlgit(["help", "nosuch"], { cwd: repository, code: 2 });
    const [line = ""] = box.read(join("logged", ".git/mlgit/log/mlgit.log")).toString("utf8").split("\n");
    expect(JSON.parse(line)).toMatchObject({ msg: "help failed", error: { kind: "usage" } });
  });
});
