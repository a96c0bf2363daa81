import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { completeTips, packAnywhere, packReached } from "../../src/git/mirror-pack.ts";
import { findRepository } from "../../src/git/repository.ts";

const root = realpathSync(mkdtempSync(join(tmpdir(), "mlgit-mirror-pack-")));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const git = (cwd: string, ...args: string[]) =>
  execFileSync("git", ["-c", "user.name=A", "-c", "user.email=a@example.invalid", ...args], { cwd, encoding: "utf8" });

describe.each(["plain", "a:b", 'a"b', "a\\b:c"])("objects in a folder named %s", (name) => {
  const source = join(root, name);
  const empty = join(root, `empty ${name}`);
  let tip: string;
  beforeAll(() => {
    for (const folder of [source, empty]) {
      mkdirSync(folder);
      git(folder, "init", "-q");
    }
    git(source, "commit", "-q", "--allow-empty", "-m", "one");
    tip = git(source, "rev-parse", "HEAD").trim();
  });

  it("are found from another repository", async () => {
    const repository = await findRepository(empty);
    const objects = [join(root, "nowhere"), join(source, ".git/objects")];
    expect(await completeTips(repository, [tip], objects)).toEqual([tip]);
    const packer = packAnywhere(repository, [tip], objects);
    let bytes = 0;
    for await (const part of packer.stdout) bytes += (part as Buffer).length;
    await packer.done;
    expect(bytes).toBeGreaterThan(100);
  });

  it("are packed into another repository's", async () => {
    const into = join(empty, ".git/objects");
    const pack = await packReached(join(source, ".git"), into, { tips: [tip], known: [] });
    expect(existsSync(join(into, "pack", `${pack}.pack`))).toBe(true);
    expect(git(empty, "cat-file", "-t", tip)).toBe("commit\n");
  });
});
