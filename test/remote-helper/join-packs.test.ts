import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { MemoryBackend } from "../../src/backend/memory/memory-backend.ts";
import { History, startPackObjects } from "../../src/git/history.ts";
import { findRepository } from "../../src/git/repository.ts";
import { compactPacks } from "../../src/remote-helper/compact.ts";
import { joinParts, type PartBytes, readParts } from "../../src/remote-helper/join-packs.ts";
import { Mirror } from "../../src/remote-helper/mirror.ts";
import { nameRowSize } from "../../src/remote-helper/named-entries.ts";
import { PackSaver } from "../../src/remote-helper/pack-objects.ts";
import { emptyRoot, type RemotePack, type Root } from "../../src/remote-helper/root.ts";
import { savePack } from "../../src/remote-helper/save-pack.ts";
import { createSandbox } from "../helper/sandbox.ts";

jest.setTimeout(240_000);

describe("packs of many pushes", () => {
  const box = createSandbox();
  const folder = mkdtempSync(join(tmpdir(), "mlgit-join-"));
  const backend = new MemoryBackend();
  let root: Root;
  let named = emptyRoot("named", "sha1");
  afterAll(() => {
    box.remove();
    rmSync(folder, { recursive: true });
  });

  /** Each pack brings a commit, and again all of the commit before: what two pushers at once do. */
  beforeAll(async () => {
    const cwd = await box.init("r");
    const commits: string[] = [];
    // Long enough that git makes deltas, against objects that come twice.
    const lines = randomBytes(6000).toString("hex").match(/.{60}/g)!;
    for (let i = 0; i < 18; i++) {
      lines[i] = `changed ${i}`;
      box.write("r/file", lines.join("\n"));
      await box.git(["add", "-A"], { cwd });
      await box.git(["commit", "-qm", `${i}`], { cwd });
      commits.push((await box.git(["rev-parse", "HEAD"], { cwd })).stdout.trim());
    }
    const repository = await findRepository(cwd);
    const packs: RemotePack[] = [];
    for (const [i, commit] of commits.entries()) {
      const git = await startPackObjects(repository, [commit], commits.slice(0, Math.max(0, i - 1)));
      const saver = new PackSaver(backend);
      for await (const bytes of git.stdout) await saver.write(bytes as Buffer);
      const stored = await saver.finish();
      packs.push({ from: i + 1, to: i + 1, ...stored! });
    }
    root = { ...emptyRoot("r", "sha1"), generation: 18, refs: new Map([["refs/heads/main", commits.at(-1)!]]), packs };
  });

  const mirrorOf = async (name: string, what: Root) => {
    const mirror = Mirror.open(join(folder, name), "memory:", what);
    await mirror.sync(what, { backend });
    return mirror;
  };

  it("are taken in also when objects come twice, joined or not", async () => {
    expect(await (await mirrorOf("plain", root)).isSound()).toBe(true);
    const joined = { ...root, ...(await compactPacks(root, { backend })) };
    expect(joined.packs).toHaveLength(1);
    const mirror = await mirrorOf("joined", joined);
    expect(await mirror.isSound()).toBe(true);
    expect(mirror.refs()).toEqual(root.refs);
  });

  it("become one pack with each object once where a push said what its entries are", async () => {
    const cwd = await box.init("named");
    const repository = await findRepository(cwd);
    const run = async (...args: string[]) => (await box.git(args, { cwd })).stdout.trim();
    const lines = randomBytes(6000).toString("hex").match(/.{60}/g)!;
    const push = async () => {
      const tip = await run("rev-parse", "HEAD");
      const stored = await savePack(backend, { repository, tips: [tip], known: [...named.refs.values()] });
      const generation = named.generation + 1;
      const packs = [...named.packs, { from: generation, to: generation, ...stored! }];
      named = { ...named, generation, packs, refs: new Map([["refs/heads/main", tip]]) };
      if (generation % 5 === 0) named = { ...named, ...(await compactPacks(named, { backend })) };
    };
    for (let i = 0; i < 12; i++) {
      lines[i] = `changed ${i}`;
      box.write("named/file", lines.join("\n"));
      await run("add", "-A");
      await run("commit", "-qm", `${i}`);
      await push();
      // What comes back is sent again, and the next change builds on it.
      if (i % 3 !== 2) continue;
      await run("revert", "--no-edit", "HEAD");
      await push();
      await run("revert", "--no-edit", "HEAD");
      await push();
    }
    const mirror = await mirrorOf("named", named);
    expect(mirror.packs).toHaveLength(1);
    expect(await mirror.isSound()).toBe(true);
    const { stdout } = await box.git(["rev-list", "--objects", "--no-object-names", "HEAD"], { cwd });
    const listed = await box.git(["show-index"], { input: readFileSync(`${mirror.packs[0]}.idx`) });
    const ids = listed.stdout
      .trim()
      .split("\n")
      .map((line) => line.split(" ")[1]);
    expect(ids.sort()).toEqual(stdout.trim().split("\n").sort());
  });

  it("are taken in as they are when what is said about their entries is wrong", async () => {
    const same = await renamed((names) => {
      for (let row = 0; row < names.length; row += nameRowSize) names.fill(7, row + 4, row + nameRowSize);
    });
    expect(await (await mirrorOf("all the same", same)).isSound()).toBe(true);
    const long = await renamed((names) => names.fill(7));
    expect(await (await mirrorOf("too long", long)).isSound()).toBe(true);
  });

  async function renamed(change: (names: Buffer) => void): Promise<Root> {
    const parts: PartBytes[] = [];
    for await (const { part, ...more } of readParts(named.packs, { backend, objectFormat: "sha1" })) {
      const names = Buffer.from(part.names!);
      change(names);
      parts.push({ part: { ...part, names }, ...more });
    }
    const saver = new PackSaver(backend);
    await saver.write(joinParts(parts));
    const stored = await saver.finish(parts.reduce((sum, { part }) => sum + part.objects, 0));
    return { ...named, packs: [{ from: 1, to: named.generation, ...stored! }] };
  }

  it("are refused when one of them is cut off or missing", async () => {
    const cut = { ...root, packs: root.packs.map((pack) => ({ ...pack, size: pack.size + 1 })) };
    await expect(mirrorOf("cut", cut)).rejects.toThrow();
    await expect(mirrorOf("gap", { ...root, packs: root.packs.slice(0, -1) })).rejects.toThrow("lacks objects");
  });

  it("answer questions of a push about history", async () => {
    const history = await History.open(await findRepository(box.path("r")));
    const tip = root.refs.get("refs/heads/main")!;
    expect(await history.isAncestor(tip, tip)).toBe(true);
    expect(await history.has("1".repeat(40))).toBe(false);
    history.close();
  });
});
