import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "@jest/globals";
import { ensureHooksSync, removeHooksSync } from "../../src/git/hook-install.ts";
import { callsUs, hookBody, hookNames, isOurShim } from "../../src/git/hook-list.ts";
import { findHookFolder, inspectHooks } from "../../src/git/hook-state.ts";
import { findRepository } from "../../src/git/repository.ts";
import { bundleFixture } from "../helper/bundle.ts";
import { createSandbox } from "../helper/sandbox.ts";

describe("installing hooks", () => {
  const box = createSandbox();
  afterAll(() => box.remove());
  let count = 0;
  /** A folder below the sandbox with the given hooks. */
  const folder = (hooks: Record<string, string> = {}) => {
    const path = box.path(`hooks${count++}`);
    mkdirSync(path);
    for (const [name, body] of Object.entries(hooks)) writeFileSync(`${path}/${name}`, body, { mode: 0o755 });
    return { path, workTree: undefined };
  };
  const states = (where: ReturnType<typeof folder>) => new Set(inspectHooks(where).map(({ state }) => state));

  it("installs every hook once, ready to run", () => {
    const where = { path: box.path("new/hooks"), workTree: undefined };
    ensureHooksSync(where);
    expect(readdirSync(where.path).sort()).toEqual([...hookNames].sort());
    for (const name of hookNames) expect(statSync(`${where.path}/${name}`).mode & 0o777).toBe(0o755);
    const before = statSync(`${where.path}/pre-push`);
    ensureHooksSync(where);
    expect(statSync(`${where.path}/pre-push`).ino).toBe(before.ino);
  });

  it("keeps the user's hook untouched, and uninstalling gives it back", () => {
    const where = folder({ "pre-push": "#!/bin/sh\nexit 7\n" });
    const inode = statSync(`${where.path}/pre-push`).ino;
    const reports = ensureHooksSync(where);
    expect(reports.find(({ name }) => name === "pre-push")).toMatchObject({ state: "ours", chained: true });
    expect(statSync(`${where.path}/pre-push.before-mlgit`).ino).toBe(inode);
    ensureHooksSync(where);
    removeHooksSync(where);
    expect(readdirSync(where.path)).toEqual(["pre-push"]);
    expect(statSync(`${where.path}/pre-push`).ino).toBe(inode);
  });

  it("keeps a hook that is a symlink as a symlink", () => {
    const where = folder({ script: "#!/bin/sh\n" });
    symlinkSync("script", `${where.path}/pre-commit`);
    ensureHooksSync(where);
    expect(readFileSync(`${where.path}/pre-commit.before-mlgit`, "utf8")).toBe("#!/bin/sh\n");
    removeHooksSync(where);
    expect(readdirSync(where.path).sort()).toEqual(["pre-commit", "script"]);
    expect(readFileSync(`${where.path}/script`, "utf8")).toBe("#!/bin/sh\n");
  });

  it("upgrades an unedited shim of another version and leaves an edited one", () => {
    const where = folder();
    ensureHooksSync(where);
    const other = hookBody("pre-push").split("\n").slice(0, -2).join("\n").replace("exit 1", "exit 2");
    const sealed = resealed(`${other}\n`);
    expect(isOurShim(sealed)).toBe(true);
    writeFileSync(`${where.path}/pre-push`, sealed);
    const edited = hookBody("pre-commit").replace("hook=pre-commit", "hook=pre-commit\necho mine");
    writeFileSync(`${where.path}/pre-commit`, edited);
    ensureHooksSync(where);
    expect(readFileSync(`${where.path}/pre-push`, "utf8")).toBe(hookBody("pre-push"));
    expect(readFileSync(`${where.path}/pre-commit`, "utf8")).toBe(edited);
    expect(states(where)).toEqual(new Set(["ours", "manual"]));
    removeHooksSync(where);
    expect(readdirSync(where.path)).toEqual(["pre-commit"]);
  });

  it("leaves a hook alone that calls us itself, also when another tool moved our shim aside", () => {
    const own = '#!/bin/sh\nmy-checks\ngit mlgit pre-push "$@"\n';
    const where = folder({
      "pre-push": own,
      "pre-commit": "#!/bin/sh\nexec pre-commit\n",
      "pre-commit.legacy": hookBody("pre-commit"),
    });
    const found = new Map(ensureHooksSync(where).map(({ name, state }) => [name, state]));
    expect([found.get("pre-push"), found.get("pre-commit")]).toEqual(["manual", "nested"]);
    expect(readFileSync(`${where.path}/pre-push`, "utf8")).toBe(own);
    expect(callsUs("pre-push", "# git mlgit pre-push\n")).toBe(false);
  });

  it("takes over again when a tool wrote its hook over ours, and throws no hook away", () => {
    const where = folder({ "pre-push": "one" });
    ensureHooksSync(where);
    writeFileSync(`${where.path}/pre-push`, "one");
    ensureHooksSync(where);
    writeFileSync(`${where.path}/pre-push`, "two");
    ensureHooksSync(where);
    const kept = readdirSync(where.path).filter((name) => name.startsWith("pre-push.before-mlgit"));
    expect(kept.map((name) => readFileSync(`${where.path}/${name}`, "utf8")).sort()).toEqual(["one", "two"]);
    expect(readFileSync(`${where.path}/pre-push.before-mlgit`, "utf8")).toBe("two");
    expect(states(where)).toEqual(new Set(["ours"]));
  });

  it("finishes what a killed installation began", () => {
    const where = folder({ "pre-push": "mine", "pre-push.before-mlgit": "mine" });
    ensureHooksSync(where);
    removeHooksSync(where);
    expect(readdirSync(where.path)).toEqual(["pre-push"]);
    expect(readFileSync(`${where.path}/pre-push`, "utf8")).toBe("mine");
  });

  it("does not touch hooks of a folder that git tracks", () => {
    const workTree = box.path("tracked");
    const where = { path: `${workTree}/.hooks`, workTree };
    mkdirSync(where.path, { recursive: true });
    writeFileSync(`${where.path}/pre-push`, "mine");
    const report = ensureHooksSync(where).find(({ name }) => name === "pre-push");
    expect([report?.state, readFileSync(`${where.path}/pre-push`, "utf8")]).toEqual(["tracked", "mine"]);
    writeFileSync(`${where.path}/.gitignore`, "*\n");
    expect(ensureHooksSync(where).every(({ state }) => state === "ours")).toBe(true);
  });

  it("finds the folder that git uses: hooksPath, linked worktrees, bare", async () => {
    const cwd = await box.init("repo");
    await box.git(["commit", "-q", "--allow-empty", "-m", "x"], { cwd });
    await box.git(["worktree", "add", "-q", box.path("linked")], { cwd });
    await box.git(["init", "-q", "--bare", box.path("bare")]);
    const find = async (name: string) => (await findHookFolder(await findRepository(box.path(name)))).path;
    expect(await find("linked")).toBe(box.path("repo/.git/hooks"));
    expect(await find("bare")).toBe(box.path("bare/hooks"));
    mkdirSync(box.path("repo/deep"));
    await box.git(["config", "core.hooksPath", ".husky/_"], { cwd });
    expect(await find("repo/deep")).toBe(box.path("repo/.husky/_"));
  });

  it("respects that hooks are switched off", () => {
    const where = { path: "/dev/null", workTree: undefined };
    expect(ensureHooksSync(where).every(({ state }) => state === "absent")).toBe(true);
  });

  it("loses no hook when several processes install at once", async () => {
    const program = bundleFixture("install-hooks", box.root);
    for (let round = 0; round < 5; round++) {
      const where = folder({ "pre-push": "mine" });
      await Promise.all([1, 2, 3].map(() => box.run("node", [program, where.path])));
      expect(readdirSync(where.path).sort()).toEqual([...hookNames, "pre-push.before-mlgit"].sort());
      expect(readFileSync(`${where.path}/pre-push.before-mlgit`, "utf8")).toBe("mine");
      expect(states(where)).toEqual(new Set(["ours"]));
    }
  });
});

function resealed(shim: string): string {
  return `${shim}# mlgit shim ${createHash("sha256").update(shim).digest("hex")}\n`;
}
