import { cpSync, existsSync, mkdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { projectRoot } from "../helper/build.ts";
import { createSandbox, type RunOptions } from "../helper/sandbox.ts";

describe("install.sh", () => {
  const box = createSandbox();
  afterAll(() => box.remove());
  const checkout = box.path("check out");
  const prefix = box.path("pre fix");
  // Without the folder that the sandbox puts in front, so that only the installed program is found.
  const path = `${prefix}/bin:${process.env.PATH}`;
  const install = (args: string[], options: RunOptions = {}) =>
    box.run(join(checkout, "install.sh"), args, { ...options, env: { PATH: path, ...options.env } });

  const untouched = box.read("home/.gitconfig");

  beforeAll(() => {
    // A copy that counts as built: these tests are about links and configuration.
    for (const name of ["install.sh", "bin", "scripts", "src", "docs", "hooks", "package.json", "package-lock.json"])
      cpSync(join(projectRoot, name), join(checkout, name), { recursive: true });
    cpSync(join(projectRoot, "dist"), join(checkout, "dist"), { recursive: true });
    mkdirSync(join(checkout, "node_modules"));
    writeFileSync(join(checkout, "node_modules/.package-lock.json"), "{}");
  });

  it("links programs, man pages and completions, from anywhere and through a link", async () => {
    symlinkSync(join(checkout, "install.sh"), box.path("link to it"));
    const { stdout } = await box.run(box.path("link to it"), ["--prefix", "pre fix", "--no-config"], {
      env: { PATH: path },
    });
    expect(stdout).toMatch(/^mlgit version .* is in .*pre fix\n$/);
    expect(readlinkSync(join(prefix, "bin/git-mlgit"))).toBe(join(checkout, "bin/git-mlgit"));
    expect(readFileSync(join(prefix, "share/man/man1/git-mlgit-version.1"), "utf8")).toContain(".SH SYNOPSIS");
    expect(existsSync(join(prefix, "share/bash-completion/completions/git-mlgit"))).toBe(true);
    expect((await box.run("git", ["mlgit", "version"], { env: { PATH: path } })).stdout).toMatch(/^mlgit version/);
    expect(box.read("home/.gitconfig").equals(untouched)).toBe(true);
  });

  it("may be run again, and then tells git about the filter", async () => {
    await install(["--prefix", prefix]);
    const { stdout } = await box.git(["config", "--global", "filter.mlgit.required"]);
    expect(stdout).toBe("true\n");
  });

  it("links ml-git when it is asked to, keeps it from then on, and never replaces another one", async () => {
    writeFileSync(join(prefix, "bin/ml-git"), "somebody else's");
    const said = await install(["--prefix", prefix, "--no-config", "--ml-git-alias"], { code: 1 });
    expect(said.stderr).toContain("ml-git is another program");
    await install(["--prefix", prefix, "--no-config"]);
    expect(readFileSync(join(prefix, "bin/ml-git"), "utf8")).toBe("somebody else's");
    rmSync(join(prefix, "bin/ml-git"));
    await install(["--prefix", prefix, "--no-config", "--ml-git-alias"]);
    await install(["--prefix", prefix, "--no-config"]);
    expect((await box.run("ml-git", ["--version"], { env: { PATH: path } })).stdout).toMatch(/^mlgit version/);
  });

  it("takes away what it linked and nothing else", async () => {
    writeFileSync(join(prefix, "share/man/man1/git-other.1"), "");
    await install(["--uninstall", "--prefix", prefix]);
    const { stdout } = await box.run("find", [prefix, "!", "-type", "d"]);
    expect(stdout).toBe(`${prefix}/share/man/man1/git-other.1\n`);
    expect((await box.git(["config", "--global", "filter.mlgit.required"], { code: 1 })).stdout).toBe("");
  });

  it("does not let npm empty a folder of another checkout that node_modules links to", async () => {
    const modules = join(checkout, "node_modules");
    mkdirSync(box.path("shared"));
    rmSync(modules, { recursive: true });
    symlinkSync(box.path("shared"), modules);
    await box.run("chmod", ["+x", box.write("fake/npm", `#!/bin/sh\ntouch '${box.path("npm-was-run")}'\n`)]);
    const env = { PATH: `${box.path("fake")}:${process.env.PATH}` };
    expect((await install(["--prefix", prefix], { env, code: 1 })).stderr).toMatch(
      /is a link.*\nhint: remove the link/,
    );
    expect(existsSync(box.path("npm-was-run"))).toBe(false);
    rmSync(modules);
    mkdirSync(modules);
    writeFileSync(join(modules, ".package-lock.json"), "{}");
  });

  it("says what is missing or too old", async () => {
    const stub = (name: string, text: string) =>
      box.run("chmod", ["+x", box.write(`old/${name}`, `#!/bin/sh\necho '${text}'\n`)]);
    await stub("node", "v18.19.0");
    const old = { env: { PATH: `${box.path("old")}:${process.env.PATH}` }, code: 1 };
    expect((await install(["--prefix", prefix], old)).stderr).toContain("Node.js 18.19.0 is too old: 20.15 or newer");
    await stub("git", "git version 2.30.2");
    expect((await install(["--prefix", prefix], old)).stderr).toContain("git 2.30.2 is too old: 2.39 or newer");
    expect((await install(["--nonsense"], { code: 1 })).stderr).toContain("unknown option --nonsense");
  });
});

describe("the demo", () => {
  it("goes round and holds every check", async () => {
    const box = createSandbox();
    const { stdout } = await box.run("sh", [join(projectRoot, "scripts/demo.sh"), "8"], { env: { TMPDIR: box.root } });
    expect(stdout).toMatch(/every byte of 10 files is the same[\s\S]*this push added 1\.\d MB[\s\S]*all checks hold/);
    expect((await box.run("sh", ["-c", "ls | grep mlgit-demo"], { code: 1 })).stdout).toBe("");
    box.remove();
  });
});
