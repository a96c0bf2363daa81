import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { MemoryBackend } from "../../src/backend/memory/memory-backend.ts";
import { History, startPackObjects } from "../../src/git/history.ts";
import { findRepository } from "../../src/git/repository.ts";
import { compactPacks } from "../../src/remote-helper/compact.ts";
import { Mirror } from "../../src/remote-helper/mirror.ts";
import { PackSaver } from "../../src/remote-helper/pack-objects.ts";
import { emptyRoot, type RemotePack, type Root } from "../../src/remote-helper/root.ts";
import { createSandbox } from "../helper/sandbox.ts";

jest.setTimeout(240_000);

describe("packs of many pushes", () => {
  const box = createSandbox();
  const folder = mkdtempSync(join(tmpdir(), "mlgit-join-"));
  const backend = new MemoryBackend();
  let root: Root;
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
