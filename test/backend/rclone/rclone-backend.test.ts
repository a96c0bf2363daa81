import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { RcloneBackend } from "../../../src/backend/rclone/rclone-backend.ts";
import { rcloneConfig } from "../../../src/backend/rclone/rclone-config.ts";
import { remoteEnv, serveByRclone } from "../../helper/rclone-server.ts";
import { isInstalled } from "../../helper/web-server.ts";
import { describeBackend, failure, format, git, names, pack, read } from "../contract.ts";

/** As `rclone config` would hide it. */
function obscured(): string {
  return spawnSync("rclone", ["obscure", "server-password"]).stdout.toString().trim();
}

interface Place {
  readonly settings: Readonly<Record<string, string>>;
  readonly path: string;
  stop?(): Promise<void>;
}

const places: Readonly<Record<string, (folder: string) => Promise<Place>>> = {
  local: async (folder) => ({ settings: { type: "local" }, path: join(folder, "store") }),
  memory: async () => ({ settings: { type: "memory" }, path: "bucket/prefix" }),
  async webdav(folder) {
    const { address, stop } = await serveByRclone("webdav", folder);
    const settings = { type: "webdav", url: `http://${address}`, vendor: "other", user: "me", pass: obscured() };
    return { settings, path: "store", stop };
  },
  async sftp(folder) {
    const { address, stop } = await serveByRclone("sftp", folder);
    const [host = "", port = ""] = address.split(":");
    return { settings: { type: "sftp", host, port, user: "me", pass: obscured() }, path: "store", stop };
  },
};

const installed = isInstalled("rclone");

const before = { ...process.env };

async function openPlace(kind: string, folder: string) {
  const place = (await places[kind]?.(folder)) as Place;
  Object.assign(process.env, remoteEnv(`t${kind}`, place.settings));
  const backend = new RcloneBackend(rcloneConfig({ url: `rclone:t${kind}:${place.path}` }));
  const cleanUp = async () => {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    await place.stop?.();
    await rm(folder, { recursive: true });
  };
  return { backend, cleanUp };
}

const newFolder = () => mkdtemp(join(tmpdir(), "mlgit-rclone-test-"));

for (const kind of ["local", "memory", "webdav"]) {
  let place: Awaited<ReturnType<typeof openPlace>>;
  describeBackend(`rclone ${kind}`, {
    skip: !installed,
    many: kind === "local" ? 200 : 24,
    open: async () => {
      place = await openPlace(kind, await newFolder());
      return place.backend;
    },
    cleanUp: () => place.cleanUp(),
  });
}

(installed ? describe : describe.skip)("rclone backend", () => {
  // rclone's own SFTP server mixes old and new bytes of a file that is replaced while it is read, so it cannot keep the whole contract.
  it("reads and writes through SFTP", async () => {
    const { backend, cleanUp } = await openPlace("sftp", await newFolder());
    try {
      const [handle, body] = [pack(), randomBytes(3_000_000)];
      await backend.save(format, Buffer.from("{}"), { ifAbsent: true });
      expect((await failure(backend.save(format, Buffer.from("[]"), { ifAbsent: true }))).kind).toBe("conflict");
      await backend.save(handle, randomBytes(3_000_000));
      await backend.save(handle, body);
      expect((await read(backend, handle)).equals(body)).toBe(true);
      expect((await read(backend, handle, { start: 5, end: 2_000_000 })).equals(body.subarray(5, 2_000_000))).toBe(
        true,
      );
      expect((await read(backend, handle, { start: -10 })).equals(body.subarray(-10))).toBe(true);
      expect(await names(backend, "pack")).toEqual([handle.name]);
      await backend.remove(handle);
      expect(await names(backend, "pack")).toEqual([]);
    } finally {
      await backend.close();
      await cleanUp();
    }
  });

  it("shares one process among backends, and removes uploads that were left days ago", async () => {
    const folder = await newFolder();
    const { backend, cleanUp } = await openPlace("local", folder);
    try {
      const other = new RcloneBackend(rcloneConfig({ url: `rclone:tlocal:${join(folder, "store")}` }));
      await backend.save(git("a"), Buffer.from("x"));
      const [old, young] = ["0123456789abcdef", "fedcba9876543210"].map((end) =>
        join(folder, "store/git", `.mlgit-tmp-${end}`),
      ) as [string, string];
      for (const path of [old, young]) await writeFile(path, "half");
      await utimes(old, 1_000_000, 1_000_000);
      expect(await names(other, "git")).toEqual(["a"]);
      expect((await readdir(join(folder, "store/git"))).sort()).toEqual([".mlgit-tmp-fedcba9876543210", "a"]);
      await backend.close();
      expect((await read(other, git("a"))).toString()).toBe("x");
      await other.close();
    } finally {
      await cleanUp();
    }
  });

  it("refuses to swap, where others would be overwritten silently", async () => {
    const backend = new RcloneBackend(rcloneConfig({ url: "rclone:any:x" }));
    expect(backend.properties).toMatchObject({ exclusiveCreate: false, compareAndSwap: false });
    const error = await failure(backend.save(git("root"), Buffer.from("x"), { ifMatch: "seen" }));
    expect(error).toMatchObject({ kind: "unsupported", hint: expect.stringContaining("no conditional writes") });
    expect((await failure(backend.remove(git("root"), { ifMatch: "seen" }))).kind).toBe("unsupported");
  });
});
