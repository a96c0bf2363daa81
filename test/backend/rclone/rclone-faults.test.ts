import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { wrapBackend } from "../../../src/backend/all.ts";
import type { Backend } from "../../../src/backend/backend.ts";
import { RcloneBackend } from "../../../src/backend/rclone/rclone-backend.ts";
import { rcloneConfig } from "../../../src/backend/rclone/rclone-config.ts";
import { remoteEnv, serveByRclone } from "../../helper/rclone-server.ts";
import { isInstalled } from "../../helper/web-server.ts";
import { FaultProxy } from "../../server/fault-proxy.ts";
import { failure, names, pack, read } from "../contract.ts";

const before = { ...process.env };

/** rclone's own WebDAV server, with a proxy before it that breaks the line. */
(isInstalled("rclone") ? describe : describe.skip)("rclone on a bad line", () => {
  let folder: string;
  let server: Awaited<ReturnType<typeof serveByRclone>>;
  let proxy: FaultProxy;
  let direct: Backend;
  let backend: Backend;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "mlgit-rclone-test-"));
    server = await serveByRclone("webdav", folder);
    proxy = await FaultProxy.start(Number(server.address.split(":")[1]));
    const pass = spawnSync("rclone", ["obscure", "server-password"]).stdout.toString().trim();
    const dav = (address: string) => ({ type: "webdav", url: `http://${address}`, vendor: "other", user: "me", pass });
    // rclone's own tries, of which each waits longer than the one before.
    process.env.RCLONE_LOW_LEVEL_RETRIES = "2";
    Object.assign(
      process.env,
      remoteEnv("bad", dav(`127.0.0.1:${proxy.port}`)),
      remoteEnv("good", dav(server.address)),
    );
    direct = new RcloneBackend(rcloneConfig({ url: "rclone:good:store" }));
    backend = wrapBackend(new RcloneBackend(rcloneConfig({ url: "rclone:bad:store" })));
    await direct.save(pack(), Buffer.from("x"));
    await backend.save(pack(), Buffer.from("x"));
  }, 60_000);
  const parked = async () =>
    (await readdir(join(folder, "store"), { recursive: true })).filter((path) => path.includes(".mlgit-tmp-"));
  afterEach(() => proxy.set({}));
  afterAll(async () => {
    await backend?.close();
    await direct?.close();
    await proxy?.close();
    await server?.stop();
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    await rm(folder, { recursive: true });
  });

  it.each([1, 2, 3])(
    "finds its finished upload when the answer to the renaming is lost, %d times",
    async (dropAnswers) => {
      const [handle, body] = [pack(), randomBytes(3 << 20)];
      proxy.set({ dropAnswers, match: /^MOVE/ });
      await backend.save(handle, body);
      expect(proxy.requests.filter((line) => line.startsWith("PUT"))).toHaveLength(1);
      expect((await read(direct, handle)).equals(body)).toBe(true);
      expect(await parked()).toEqual([]);
    },
  );

  // The first line of a renaming names what is renamed.
  it.each([
    ["no renaming works", /^MOVE/, 1000],
    ["the new one cannot have the name either when the old one is aside", /^MOVE .*mlgit-tmp-/, 4],
  ])("leaves what was there and says so when %s", async (_, match, busy) => {
    const [handle, body] = [pack(), randomBytes(1000)];
    await direct.save(handle, body);
    proxy.set({ busy, match });
    const bare = new RcloneBackend(rcloneConfig({ url: "rclone:bad:store" }));
    expect(await failure(bare.save(handle, randomBytes(1000)))).toMatchObject({ kind: "unreachable", retryable: true });
    proxy.set({});
    await bare.close();
    expect((await read(direct, handle)).equals(body)).toBe(true);
    expect(await parked()).toEqual([]);
  });

  it("puts what is there aside where nothing may be renamed onto it", async () => {
    const [handle, body] = [pack(), randomBytes(1000)];
    await direct.save(handle, randomBytes(1000));
    proxy.set({ busy: 2, match: /^MOVE .*mlgit-tmp-/ });
    await backend.save(handle, body);
    expect(proxy.requests.filter((line) => line.startsWith("PUT"))).toHaveLength(1);
    expect((await read(direct, handle)).equals(body)).toBe(true);
    expect(await parked()).toEqual([]);
  });

  it("sends and reads again when the line breaks", async () => {
    const [handle, body] = [pack(), randomBytes(3 << 20)];
    proxy.set({ resetUpAfter: 1 << 20, times: 2 });
    await backend.save(handle, body);
    expect(proxy.traffic.broken).toBe(2);
    proxy.set({ cutDownAfter: 1 << 20, times: 2 });
    expect((await read(backend, handle, { start: 5 })).equals(body.subarray(5))).toBe(true);
    expect(proxy.traffic.broken).toBe(2);
    expect(await names(direct, "pack")).toContain(handle.name);
  }, 60_000);
});
