import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { createSandbox, randomBytes, type Sandbox } from "../helper/sandbox.ts";
import { hasSshd, type SftpServer, startSshd } from "../helper/sftp-server.ts";

jest.setTimeout(180_000);

const installed = hasSshd();

(installed ? describe : describe.skip)("plain git with a store behind ssh", () => {
  let server: SftpServer;
  let box: Sandbox;
  const bytes = randomBytes("sftp", 3_000_000);
  beforeAll(async () => {
    server = await startSshd();
    box = createSandbox();
    box.write("home/.ssh/known_hosts", server.knownHosts);
    const lines = ["HostName 127.0.0.1", `Port ${server.port}`, `User ${server.user}`, `IdentityFile ${server.key}`];
    box.write("home/.ssh/config", `Host files\n  ${lines.join("\n  ")}\n`);
    await box.mlgit(["install"]);
  });
  afterAll(async () => {
    box?.remove();
    await server?.stop();
  });

  it("pushes, clones and hydrates, and several machines agree on who was first", async () => {
    const cwd = await box.init("work");
    await box.git(["init", "-q", "--bare", box.path("origin.git")]);
    await box.git(["remote", "add", "origin", box.path("origin.git")], { cwd });
    await box.mlgit(["init"], { cwd });
    await box.mlgit(["track", "data/**"], { cwd });
    await box.mlgit(["store", "add", "far", `sftp://files${server.folder}/store`], { cwd });
    mkdirSync(join(cwd, "data"));
    box.write("work/data/x.bin", bytes);
    box.write("work/data/small", "small");
    await box.git(["add", "."], { cwd });
    await box.git(["commit", "-qm", "one"], { cwd });
    await box.mlgit(["store", "trust", "far"], { cwd });
    await box.git(["push", "-q", "origin", "main"], { cwd });
    await box.git(["clone", "-q", box.path("origin.git"), box.path("clone")]);
    // Its own files only name the host, and keys would be offered to it.
    const clone = box.path("clone");
    expect(box.read("clone/data/x.bin").length).toBeLessThan(200);
    await box.mlgit(["store", "trust", "far"], { cwd: clone });
    await box.mlgit(["pull"], { cwd: clone });
    expect(box.read("clone/data/x.bin").equals(bytes)).toBe(true);
    expect((await box.mlgit(["fsck", "--store"], { cwd: clone })).code).toBe(0);
    expect((await box.mlgit(["store", "test", "far"], { cwd })).stdout).toContain("exclusive creation in a race: kept");
  });

  it("keeps a whole git repository: mlgit::sftp://", async () => {
    const url = `mlgit::sftp://files${server.folder}/project`;
    const cwd = box.path("work");
    await box.git(["push", "-q", url, "main"], { cwd });
    await box.git(["clone", "-q", url, box.path("from-store")]);
    const clone = box.path("from-store");
    expect((await box.git(["rev-parse", "HEAD"], { cwd: clone })).stdout).toBe(
      (await box.git(["rev-parse", "main"], { cwd })).stdout,
    );
    await box.mlgit(["store", "trust", "far"], { cwd: clone });
    await box.mlgit(["pull"], { cwd: clone });
    expect(box.read("from-store/data/small").toString()).toBe("small");
  });
});
