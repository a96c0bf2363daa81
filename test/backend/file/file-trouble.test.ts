import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { openBackend } from "../../../src/backend/all.ts";
import { FileBackend } from "../../../src/backend/file/file-backend.ts";
import { fileUrl } from "../../../src/backend/file/file-config.ts";
import { bundleFixture } from "../../helper/bundle.ts";
import { failure, format, git, names, pack, read } from "../contract.ts";

const isRoot = process.getuid?.() === 0;

let top: string;
let folder: string;
let backend: FileBackend;
beforeEach(async () => {
  top = mkdtempSync(join(tmpdir(), "mlgit-trouble-"));
  folder = join(top, "store");
  backend = new FileBackend({ folder });
});
afterEach(() => rmSync(top, { recursive: true, force: true }));

describe("file backend, killed", () => {
  it("has no object that is not whole, whenever the writer was killed", async () => {
    const program = bundleFixture("save-packs", top);
    for (let round = 0; round < 6; round++) {
      const writer = spawn(process.execPath, [program, fileUrl(folder)], { stdio: ["ignore", "pipe", "inherit"] });
      await once(writer.stdout, "data");
      await new Promise((resolve) => setTimeout(resolve, 40 + Math.random() * 150));
      writer.kill("SIGKILL");
      await once(writer, "exit");
    }
    const found = await names(backend, "pack");
    expect(found.length).toBeGreaterThan(0);
    for (const name of found) {
      const body = await read(backend, { type: "pack", name });
      expect(body.equals(Buffer.alloc(3 << 20, name))).toBe(true);
    }
  });
});

(isRoot ? describe : describe.skip)("file backend on a disk that says no", () => {
  const mount = (...options: string[]) =>
    execFileSync("mount", ["-t", "tmpfs", "-o", options.join(","), "none", folder]);
  const canMount = () => {
    mkdirSync(folder);
    try {
      mount("size=4m");
      return true;
    } catch {
      console.warn("cannot mount a small disk here; its tests do nothing");
      return false;
    }
  };

  it("says that the disk is full, leaves nothing behind, and works when there is room again", async () => {
    if (!canMount()) return;
    try {
      await backend.save(format, Buffer.from("{}"));
      await backend.save(git("big"), Buffer.alloc(2 << 20));
      const error = await failure(backend.save(git("too-big"), Buffer.alloc(8 << 20)));
      expect(error).toMatchObject({ kind: "disk", path: "git/too-big" });
      expect(error.hint).toContain("free some space");
      expect(readdirSync(join(folder, "git"))).toEqual(["big"]);
      expect(await read(backend, git("big"))).toHaveLength(2 << 20);
      await backend.remove(git("big"));
      await backend.save(git("fits"), Buffer.alloc(3 << 20));
    } finally {
      execFileSync("umount", [folder]);
    }
  });

  it("says that the disk is read-only, and still reads", async () => {
    if (!canMount()) return;
    try {
      await backend.save(git("probe"), Buffer.from("x"));
      execFileSync("mount", ["-o", "remount,ro", folder]);
      const error = await failure(backend.save(git("y"), Buffer.from("y")));
      expect(error).toMatchObject({ kind: "disk", path: "git/y" });
      expect((await failure(backend.remove(git("probe")))).kind).toBe("disk");
      expect((await read(backend, git("probe"))).toString()).toBe("x");
    } finally {
      execFileSync("umount", [folder]);
    }
  });

  it("says that permission is denied, when reading and when writing", async () => {
    await backend.save(format, Buffer.from("{}"));
    const handle = pack();
    await backend.save(handle, Buffer.from("x"));
    chmodSync(join(folder, "packs"), 0o700);
    chmodSync(top, 0o755);
    process.seteuid?.(65_534);
    try {
      for (const work of [
        () => read(backend, handle),
        () => backend.save(git("x"), Buffer.from("x")),
        () => names(backend, "pack"),
      ]) {
        const error = await failure(work());
        expect(error.kind).toBe("denied");
        expect(error.hint).toContain("owner");
      }
    } finally {
      process.seteuid?.(0);
    }
  });
});

describe("a folder as the store of several processes", () => {
  it("is opened with its wrappers, and says what it needed", async () => {
    const wrapped = await openBackend({ url: fileUrl(folder) });
    await wrapped.save(format, Buffer.from("{}"), { ifAbsent: true });
    expect((await failure(wrapped.save(format, Buffer.from("[]"), { ifAbsent: true }))).kind).toBe("conflict");
    expect(wrapped.traffic).toMatchObject({ operations: 2, sent: 2 });
  });
});
