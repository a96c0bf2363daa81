import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { runUserCommand } from "../../src/git/user-command.ts";
import { markPrefix } from "../../src/util/process-mark.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "mlgit-user-command-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** A PATH on which `ln` says what it does on FAT and some mounts. */
function withoutLinks(): string {
  writeFileSync(join(root, "ln"), '#!/bin/sh\necho "ln: Operation not permitted" >&2\nexit 1\n');
  chmodSync(join(root, "ln"), 0o755);
  return `${root}${delimiter}${process.env.PATH}`;
}

describe.each([
  ["with hard links", () => process.env.PATH],
  ["without hard links", withoutLinks],
])("a user's command, %s", (_, path) => {
  async function run(command: string) {
    let output = "";
    const file = join(root, "started");
    const result = await runUserCommand(command, {
      cwd: root,
      env: { PATH: path() },
      startNote: { file, markPrefix: markPrefix() },
      onOutput: (bytes) => {
        output += bytes.toString();
      },
      signal: new AbortController().signal,
    });
    return { ...result, output, note: readFileSync(file, "utf8") };
  }

  it("notes which process it is before it begins", async () => {
    const { code, output, note } = await run('cat started; echo " $PPID"');
    expect([code, output]).toEqual([0, `${note} ${process.pid}\n`]);
    expect(note).toMatch(new RegExp(`^${markPrefix()}\\d+-0$`));
    expect(readdirSync(root).filter((name) => name.startsWith("started"))).toEqual(["started"]);
  });

  it("does not begin where another one has noted itself", async () => {
    writeFileSync(join(root, "started"), "somebody");
    const { code, note } = await run("touch began");
    expect([code, note, existsSync(join(root, "began"))]).toEqual([126, "somebody", false]);
  });
});
