import { execFileSync } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "@jest/globals";
import { codeState } from "../../src/git/code-state.ts";
import { findRepository } from "../../src/git/repository.ts";

describe("the state of code", () => {
  const top = realpathSync(mkdtempSync(join(tmpdir(), "mlgit-code-")));
  afterAll(() => rmSync(top, { recursive: true, force: true }));
  const git = (...args: string[]) => execFileSync("git", args, { cwd: top, encoding: "utf8" });
  const state = async () => codeState({ ...(await findRepository(top)), workTree: top });

  it("has a change that was made in the second of the commit and leaves the size as it was", async () => {
    git("init", "-q");
    // A change time cannot be set.
    git("config", "core.trustctime", "false");
    const path = join(top, "params.yaml");
    const then = 1_700_000_000;
    writeFileSync(path, "# how fast\n");
    utimesSync(path, then, then);
    git("add", "params.yaml");
    git("-c", "user.name=t", "-c", "user.email=t@example.invalid", "commit", "-qm", "one");
    utimesSync(join(top, ".git/index"), then, then);
    expect((await state()).dirty).toBeNull();
    writeFileSync(path, "# how slow\n");
    utimesSync(path, then, then);
    utimesSync(join(top, ".git/index"), then, then);
    const { dirty } = await state();
    expect(git("show", `${dirty}:params.yaml`)).toBe("# how slow\n");
  });
});
