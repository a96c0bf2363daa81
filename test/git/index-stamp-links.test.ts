import { linkSync, lstatSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "@jest/globals";
import { stampIndex } from "../../src/git/index-stamp.ts";
import { findRepository } from "../../src/git/repository.ts";
import { LinkChanges } from "../../src/util/link-changes.ts";
import { PointerRepository } from "../helper/pointer-repository.ts";

const content = "content, which is longer than its pointer would be ".repeat(5);
const aMinuteAgo = Math.floor(Date.now() / 1000) - 60;

let main: PointerRepository;
afterEach(() => main.remove());

/** A worktree whose `a.bin` shares its inode with a file beside, as with a cache, and another worktree that has the pointer. */
async function shared(options: Parameters<typeof PointerRepository.create>[0] = {}) {
  main = PointerRepository.create(options);
  main.withPointers({ "a.bin": content, "b.bin": "b".repeat(300), "note.txt": "1\n" });
  main.git("worktree", "add", "-q", "--detach", main.beside("other"));
  const placed = main.place();
  for (const path of ["a.bin", "b.bin"]) utimesSync(join(main.top, path), aMinuteAgo, aMinuteAgo);
  linkSync(join(main.top, "a.bin"), main.beside("cached"));
  const stamps = placed.map((one) => ({ ...one, stat: state(join(main.top, one.path.toString())) }));
  expect(await main.stamp(stamps)).toMatchObject({ stamped: 2 });
  expect(main.status()).toEqual({ text: "", cleaned: [] });
  // The clock that files get their times from ticks a few hundred times a second.
  await sleep(20);
  return main.at(main.beside("other"));
}

const state = (file: string) => lstatSync(file, { bigint: true });

function addLink(links: LinkChanges, to: string): void {
  const before = state(main.beside("cached"));
  rmSync(to, { force: true });
  linkSync(main.beside("cached"), to);
  links.note(before, state(to));
}

async function linkIn(other: PointerRepository, links = new LinkChanges()): Promise<LinkChanges> {
  addLink(links, join(other.top, "a.bin"));
  await sleep(20);
  return links;
}

const stampLinks = async ({ top }: PointerRepository, links: LinkChanges) =>
  stampIndex(await findRepository(top), [], { links });

/** Change time that git's index has for a path, in nanoseconds. */
function recorded(repository: PointerRepository, path = "a.bin"): bigint {
  const [, seconds, nanoseconds] =
    /ctime: (\d+):(\d+)/.exec(repository.git("ls-files", "--debug", "--sparse", path)) ?? [];
  return BigInt(seconds ?? 0) * 1_000_000_000n + BigInt(nanoseconds ?? 0);
}

const actual = () => state(join(main.top, "a.bin")).ctimeNs;

describe.each([
  ["version 2", "sha1", "2"],
  ["version 4", "sha256", "4"],
] as const)("a file that another worktree linked too, with an index of %s and %s", (_what, format, version) => {
  it("is known to git as it is now, and nothing else in the index changes", async () => {
    const other = await shared({ format, config: { "index.version": version } });
    const before = readFileSync(main.indexFile);
    const links = await linkIn(other);
    expect(recorded(main)).not.toBe(actual());
    await stampLinks(other, links);
    expect(recorded(main)).toBe(actual());
    expect(main.status()).toEqual({ text: "", cleaned: [] });
    expect(main.git("fsck")).toBe("");
    const after = readFileSync(main.indexFile);
    const checksum = format === "sha1" ? 20 : 32;
    const changed = [...after.keys()].filter((at) => at < after.length - checksum && after[at] !== before[at]);
    expect(changed.length).toBeGreaterThan(0);
    expect(Math.max(...changed) - Math.min(...changed)).toBeLessThan(8);
  });
});

describe("the entry of a shared file", () => {
  it("is not changed where the file was edited before, with size and time put back", async () => {
    const other = await shared();
    await sleep(1100);
    writeFileSync(join(main.top, "a.bin"), content.replace("content", "CONTENT"));
    utimesSync(join(main.top, "a.bin"), aMinuteAgo, aMinuteAgo);
    await sleep(20);
    await stampLinks(other, await linkIn(other));
    expect(recorded(main)).not.toBe(actual());
    expect(main.status().text).toBe(" M a.bin\n");
  });

  it("makes git look where the file is edited after, with size and time put back", async () => {
    const other = await shared();
    const links = await linkIn(other);
    await sleep(1100);
    writeFileSync(join(main.top, "a.bin"), content.replace("content", "CONTENT"));
    utimesSync(join(main.top, "a.bin"), aMinuteAgo, aMinuteAgo);
    await stampLinks(other, links);
    expect(main.status().text).toBe(" M a.bin\n");
  });

  it("follows several links of one run, and none that somebody else made between", async () => {
    const other = await shared();
    const links = await linkIn(other);
    addLink(links, main.beside("second"));
    await stampLinks(other, links);
    expect(recorded(main)).toBe(actual());
    const more = await linkIn(other);
    linkSync(main.beside("cached"), main.beside("foreign"));
    await sleep(20);
    addLink(more, main.beside("third"));
    const then = recorded(main);
    await stampLinks(other, more);
    expect(recorded(main)).toBe(then);
  });

  it("follows in the own worktree too, where another path has the same file", async () => {
    await shared();
    const links = new LinkChanges();
    addLink(links, join(main.top, "untracked"));
    await stampLinks(main, links);
    expect(recorded(main)).toBe(actual());
  });

  it("is not changed where the user told git not to look", async () => {
    const other = await shared();
    main.git("update-index", "--assume-unchanged", "a.bin");
    const then = recorded(main);
    await stampLinks(other, await linkIn(other));
    expect(recorded(main)).toBe(then);
  });

  it("is not changed where git distrusts it, and stays distrusted", async () => {
    const other = await shared();
    utimesSync(main.indexFile, aMinuteAgo, aMinuteAgo);
    const then = recorded(main);
    await stampLinks(other, await linkIn(other));
    expect(recorded(main)).toBe(then);
    expect(main.status()).toEqual({ text: "", cleaned: ["a.bin", "b.bin"] });
  });
});

describe("another worktree's index", () => {
  it("is not written where it does not have the file as it was", async () => {
    const other = await shared();
    const links = await linkIn(other);
    await stampLinks(other, links);
    const { ino } = statSync(main.indexFile);
    await stampLinks(other, links);
    expect(statSync(main.indexFile).ino).toBe(ino);
  });

  it("keeps its time, so that git distrusts neither more nor less", async () => {
    const other = await shared();
    const before = statSync(main.indexFile).mtimeMs;
    await stampLinks(other, await linkIn(other));
    expect(recorded(main)).toBe(actual());
    expect(Math.abs(statSync(main.indexFile).mtimeMs - before)).toBeLessThan(0.01);
  });

  it("is left alone while somebody holds its lock", async () => {
    const other = await shared();
    const then = recorded(main);
    writeFileSync(`${main.indexFile}.lock`, "");
    const links = await linkIn(other);
    expect(await stampLinks(other, links)).toMatchObject({ blocked: undefined });
    rmSync(`${main.indexFile}.lock`);
    expect(recorded(main)).toBe(then);
  });

  it("is left alone when it is split", async () => {
    const other = await shared();
    main.git("update-index", "--split-index");
    const before = readFileSync(main.indexFile);
    await stampLinks(other, await linkIn(other));
    expect(readFileSync(main.indexFile).equals(before)).toBe(true);
  });

  it("is stamped from a bare repository too", async () => {
    const other = await shared();
    const links = await linkIn(other);
    main.git("config", "core.bare", "true");
    await stampIndex({ ...(await findRepository(other.top)), workTree: undefined }, [], { links });
    main.git("config", "core.bare", "false");
    expect(recorded(main)).toBe(actual());
  });
});
