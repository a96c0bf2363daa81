import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { MemoryBackend } from "../../src/backend/memory/memory-backend.ts";
import { findRepository } from "../../src/git/repository.ts";
import { compactPacks } from "../../src/remote-helper/compact.ts";
import { Mirror } from "../../src/remote-helper/mirror.ts";
import { packsToJoin } from "../../src/remote-helper/mirror-packs.ts";
import { emptyRoot, encodeRoot, nextRoot, type Root } from "../../src/remote-helper/root.ts";
import { savePack } from "../../src/remote-helper/save-pack.ts";
import { createSandbox } from "../helper/sandbox.ts";

jest.setTimeout(240_000);

const pushes = 60;

describe("the local copy of a repository with many pushes", () => {
  const box = createSandbox();
  const folder = mkdtempSync(join(tmpdir(), "mlgit-mirror-"));
  const backend = new MemoryBackend();
  const roots: Root[] = [];
  const packFiles = (mirror: Mirror) =>
    readdirSync(join(mirror.path, "objects/pack")).filter((name) => name.endsWith(".pack"));
  afterAll(() => {
    box.remove();
    rmSync(folder, { recursive: true });
  });

  beforeAll(async () => {
    const cwd = await box.init("r");
    const who = "committer C <c@example.com> 1700000000 +0000\ndata 1\nx\n";
    const stream = Array.from(
      { length: pushes },
      (_, i) => `commit refs/heads/main\n${who}M 100644 inline file-${i % 7}\ndata 4\n${String(i).padStart(3, "0")}\n`,
    );
    await box.git(["fast-import", "--quiet"], { cwd, input: stream.join("") });
    const { stdout } = await box.git(["rev-list", "--reverse", "main"], { cwd });
    const repository = await findRepository(cwd);
    let root = emptyRoot("r", "sha1");
    for (const [i, oid] of stdout.trim().split("\n").entries()) {
      const stored = await savePack(backend, { repository, tips: [oid], known: [...root.refs.values()] });
      const packs = [...root.packs, { from: i + 1, to: i + 1, ...stored! }];
      const compacted = await compactPacks({ ...root, packs }, { backend });
      root = nextRoot(root, `${i}`.padStart(16, "0"), { ...compacted, refs: new Map([["refs/heads/main", oid]]) });
      roots.push(root);
    }
  });

  it("stays at few pack files however often it was brought up to date, and forgets joined ones a day later", async () => {
    const mirror = Mirror.open(folder, "memory:", roots[0]!);
    for (const root of roots) await mirror.sync(root, { backend });
    expect(mirror.packs.length).toBeLessThanOrEqual(24);
    expect(packFiles(mirror).length).toBeGreaterThan(24);
    expect(await mirror.isSound()).toBe(true);
    const stateFile = join(mirror.path, "mlgit-state.json");
    const state = JSON.parse(readFileSync(stateFile, "utf8"));
    for (const name of Object.keys(state.joined)) state.joined[name] -= 25 * 3600 * 1000;
    writeFileSync(stateFile, JSON.stringify({ ...state, generation: pushes - 1, transaction: "before" }));
    await mirror.sync(roots.at(-1)!, { backend });
    expect(packFiles(mirror).length).toBeLessThanOrEqual(25);
    expect(mirror.packs.every((path) => existsSync(`${path}.idx`))).toBe(true);
    expect(await mirror.isSound()).toBe(true);
  });

  it.each([1, 10, 50])("is brought up to date from %i pushes behind", async (lag) => {
    const url = `memory:${lag}`;
    const mirror = Mirror.open(folder, url, roots[0]!);
    await mirror.sync(roots.at(-1 - lag)!, { backend });
    await mirror.sync(roots.at(-1)!, { backend });
    expect(await mirror.isSound()).toBe(true);
    expect(mirror.refs()).toEqual(roots.at(-1)!.refs);
  });

  it("is kept when a clone that is linked to it touched a pack, and made anew when one was damaged", async () => {
    const open = () => Mirror.open(folder, "memory:touched", roots[0]!);
    const mirror = open();
    await mirror.sync(roots.at(-1)!, { backend });
    const pack = `${mirror.packs[0]}.pack`;
    utimesSync(pack, 1_800_000_000, 1_800_000_000);
    expect(open().generation).toBe(pushes);
    chmodSync(pack, 0o600);
    const bytes = readFileSync(pack);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(pack, bytes);
    expect(open().generation).toBe(0);
  });

  it("costs the root no more than a few kilobytes", () => {
    for (const root of roots) expect(encodeRoot(root).length).toBeLessThan(5000);
  });
});

describe("which pack files are made one", () => {
  it("are none while there are few", () => {
    expect(packsToJoin(new Map([["a", 1]]))).toEqual([]);
  });

  it("are small ones, so that a large one is not copied again and again", () => {
    let copied = 0;
    const sizes = new Map([["first", 1_000_000]]);
    for (let i = 0; i < 2000; i++) {
      sizes.set(`${i}`, 100);
      const joined = packsToJoin(sizes);
      const sum = joined.reduce((all, name) => all + sizes.get(name)!, 0);
      copied += sum;
      for (const name of joined) sizes.delete(name);
      if (joined.length > 0) sizes.set(`joined ${i}`, sum);
      expect(sizes.size).toBeLessThanOrEqual(25);
    }
    // Ten times what was brought.
    expect(copied).toBeLessThan(10 * 2000 * 100);
  });
});
