import { existsSync, linkSync, lstatSync, mkdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { unlinkShared } from "../../../src/commands/exp/unlink-shared.ts";
import type { LinkChanges } from "../../../src/util/link-changes.ts";
import { PointerRepository } from "../../helper/pointer-repository.ts";

let main: PointerRepository;
let path: string;
const cached = (name: string) => main.beside(`cached-${name}`);

/** A worktree in the git dir, some of whose files are links. */
beforeEach(() => {
  main = PointerRepository.create();
  main.withPointers({ "d/a.bin": "a".repeat(300), "e/b.bin": "b".repeat(300), "own.bin": "o" });
  path = join(main.top, ".git", "beside");
  main.git("worktree", "add", "-q", "--detach", path);
  for (const name of ["d/a.bin", "e/b.bin"]) {
    linkSync(join(main.top, name), cached(dirname(name)));
    rmSync(join(path, name));
    linkSync(join(main.top, name), join(path, name));
  }
});
afterEach(() => main.remove());

function isNoted(links: LinkChanges, file: string): boolean {
  const now = lstatSync(file, { bigint: true });
  const row = links.find(Number(now.ino % 2n ** 32n), ({ ino }) => ino === now.ino);
  return row >= 0 && links.after(row).ctimeNs === now.ctimeNs;
}

describe("a worktree that is to be removed", () => {
  it("loses the files that others share, which is noted, and keeps its own", async () => {
    const links = await unlinkShared(path);
    for (const name of ["d/a.bin", "e/b.bin"]) {
      expect(existsSync(join(path, name))).toBe(false);
      expect(isNoted(links, join(main.top, name))).toBe(true);
    }
    expect(existsSync(join(path, "own.bin"))).toBe(true);
    expect(links.count).toBe(2);
  });

  it("loses nothing behind a link that leads elsewhere", async () => {
    renameSync(join(path, "d"), main.beside("moved"));
    symlinkSync(join(main.top, "d"), join(path, "d"));
    expect((await unlinkShared(path)).count).toBe(1);
    expect(existsSync(join(main.top, "d/a.bin"))).toBe(true);
  });

  it("is not taken for the one around it when it is half removed", async () => {
    rmSync(join(path, ".git"));
    expect((await unlinkShared(path)).count).toBe(0);
    const inner = join(main.top, "inner");
    mkdirSync(inner);
    expect((await unlinkShared(inner)).count).toBe(0);
    expect(existsSync(join(main.top, "d/a.bin"))).toBe(true);
  });
});
