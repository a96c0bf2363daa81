import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { wrapBackend } from "../../../src/backend/all.ts";
import { probeGuarantees } from "../../../src/backend/probe.ts";
import { SftpBackend } from "../../../src/backend/sftp/sftp-backend.ts";
import { sftpConfig } from "../../../src/backend/sftp/sftp-config.ts";
import { hasSshd, makeKey, type SftpServer, startSshd } from "../../helper/sftp-server.ts";
import { FaultProxy } from "../../server/fault-proxy.ts";
import { describeBackend, failure, format, git, names, pack, read } from "../contract.ts";

jest.setTimeout(120_000);

const kept = { exclusiveCreate: true, compareAndSwap: false };
const installed = hasSshd();
const before = { ...process.env };
let server: SftpServer;
let home: string;

beforeAll(async () => {
  if (!installed) return;
  server = await startSshd();
});
afterAll(() => server?.stop());

/** A home with the key and the host of the server. */
function makeHome(): string {
  const folder = mkdtempSync(join(tmpdir(), "mlgit-sftp-home-"));
  mkdirSync(join(folder, ".ssh"));
  writeFileSync(join(folder, ".ssh/known_hosts"), server.knownHosts);
  writeFileSync(join(folder, ".ssh/config"), `Host 127.0.0.1\n  IdentityFile ${server.key}\n`);
  process.env.HOME = folder;
  for (const name of ["SSH_AUTH_SOCK", "SSH_ASKPASS", "SSH_ASKPASS_REQUIRE"]) delete process.env[name];
  return folder;
}

function removeHome(): void {
  rmSync(home, { recursive: true, force: true });
  Object.assign(process.env, before);
}

const open = (name: string, host = `127.0.0.1:${server.port}`) =>
  new SftpBackend(sftpConfig({ url: `sftp://${host}${server.folder}/${name}`, guarantees: kept }));

describeBackend("sftp", {
  skip: !installed,
  open: async () => {
    home = makeHome();
    return open("contract");
  },
  cleanUp: async () => removeHome(),
});

(installed ? describe : describe.skip)("sftp backend", () => {
  const opened: SftpBackend[] = [];
  const use = (...args: Parameters<typeof open>) => {
    const backend = open(...args);
    opened.push(backend);
    return backend;
  };
  const begun = async (name: string) => {
    const backend = use(name);
    await backend.save(format, Buffer.from("{}"));
    return backend;
  };
  beforeEach(() => {
    home = makeHome();
  });
  afterEach(async () => {
    for (const backend of opened.splice(0)) await backend.close();
    removeHome();
  });

  it("is found to let one writer create, and to have no compare-and-swap", async () => {
    expect(await probeGuarantees(await begun("probe"))).toEqual(kept);
  });

  it("refuses a host that is not known, and says the fingerprint and the line to add", async () => {
    writeFileSync(join(home, ".ssh/known_hosts"), "");
    const error = await failure(use("x").stat(format));
    expect(error.kind).toBe("refused");
    const print = execFileSync("ssh-keygen", ["-lf", "-"], { input: server.knownHosts.replace(/^\S+ /, "") });
    expect(error.message).toContain(print.toString().split(" ")[1]);
    expect(error.hint).toContain(server.knownHosts.trim());
    writeFileSync(join(home, ".ssh/known_hosts"), `${error.hint?.split(": ").at(-1)}\n`);
    expect((await failure(use("x").stat(format))).kind).toBe("missing");
  });

  it("refuses a host whose key has changed, loudly", async () => {
    makeKey(join(home, "another"));
    const key = execFileSync("cut", ["-d", " ", "-f", "1,2", join(home, "another.pub")]).toString();
    writeFileSync(join(home, ".ssh/known_hosts"), `[127.0.0.1]:${server.port} ${key}`);
    const error = await failure(use("x").stat(format));
    expect(error).toMatchObject({ kind: "refused", hint: expect.stringContaining("ssh-keygen -R") });
    expect(error.message).toContain("HAS CHANGED");
  });

  it("reads aliases of ssh's configuration", async () => {
    const lines = ["HostName 127.0.0.1", `Port ${server.port}`, `User ${server.user}`, `IdentityFile ${server.key}`];
    writeFileSync(join(home, ".ssh/config"), `Host data\n  ${lines.join("\n  ")}\n`);
    const backend = use("alias", "data");
    await backend.save(format, Buffer.from("{}"));
    expect((await read(backend, format)).toString()).toBe("{}");
    writeFileSync(join(home, ".ssh/config"), "Host data\n  HostName 127.0.0.1\n  ProxyCommand nc gate 22\n");
    expect((await failure(use("alias", "data").stat(format))).message).toContain("through a program (nc gate 22)");
  });

  it("goes through the hosts of ProxyJump, each known and logged in to by itself", async () => {
    const gate = await startSshd({ isGate: true });
    const host = (name: string, { port, key }: SftpServer, ...more: string[]) =>
      [
        `Host ${name}`,
        "HostName 127.0.0.1",
        `Port ${port}`,
        `User ${server.user}`,
        `IdentityFile ${key}`,
        ...more,
      ].join("\n  ");
    const configure = (...hosts: string[]) => writeFileSync(join(home, ".ssh/config"), `${hosts.join("\n")}\n`);
    const target = (jump: string) => host("data", server, `ProxyJump ${jump}`);
    try {
      configure(host("gate", gate), target("gate"));
      expect((await failure(use("jump", "data").stat(format))).message).toContain(
        `host [127.0.0.1]:${gate.port} is not known`,
      );
      writeFileSync(join(home, ".ssh/known_hosts"), server.knownHosts + gate.knownHosts);
      const body = randomBytes(3 << 20);
      for (const jump of ["gate", "gate,gate", `${server.user}@gate:${gate.port}`]) {
        configure(host("gate", gate), target(jump));
        const backend = use("jump", "data");
        await backend.save(format, body);
        expect((await read(backend, format)).equals(body)).toBe(true);
      }
      configure(host("closed", server), target("closed"));
      expect(await failure(use("jump", "data").stat(format))).toMatchObject({
        kind: "denied",
        hint: expect.stringContaining("AllowTcpForwarding"),
      });
      configure(host("gate", gate, "ProxyJump data"), target("gate"));
      expect((await failure(use("jump", "data").stat(format))).message).toContain("too many hosts");
      configure(host("gate", gate), target("gate"));
    } finally {
      await gate.stop();
    }
    const error = await failure(use("jump", "data").stat(format));
    expect(error).toMatchObject({ kind: "unreachable", message: expect.stringContaining(`:${gate.port}`) });
  });

  it("uses keys with a passphrase, and keys of the agent", async () => {
    const locked = join(home, "locked");
    execFileSync("cp", [server.key, locked]);
    execFileSync("ssh-keygen", ["-q", "-p", "-P", "", "-N", "open sesame", "-f", locked]);
    writeFileSync(join(home, ".ssh/config"), `Host *\n  IdentityFile ${locked}\n`);
    process.env.SSH_ASKPASS = join(home, "ask");
    process.env.SSH_ASKPASS_REQUIRE = "force";
    writeFileSync(join(home, "ask"), '#!/bin/sh\ncase $1 in *locked*) echo "open sesame" ;; esac\n');
    chmodSync(join(home, "ask"), 0o700);
    expect((await failure(use("x").stat(format))).kind).toBe("missing");
    writeFileSync(join(home, "ask"), "#!/bin/sh\necho wrong\n");
    const error = await failure(use("x").stat(format));
    expect(error).toMatchObject({ kind: "denied", hint: expect.stringContaining("ssh-add") });
    expect(error.message).toContain(locked);
    const agent = execFileSync("ssh-agent", ["-s", "-a", join(home, "agent")]).toString();
    try {
      process.env.SSH_AUTH_SOCK = join(home, "agent");
      execFileSync("ssh-add", ["-q", server.key], { env: process.env, stdio: "ignore" });
      expect((await failure(use("x").stat(format))).kind).toBe("missing");
    } finally {
      process.kill(Number(/SSH_AGENT_PID=(\d+)/.exec(agent)?.[1]));
    }
  });

  it("goes on with a new connection when the old one breaks", async () => {
    const backend = wrapBackend(await begun("broken"));
    const [handle, body] = [pack(), randomBytes(3_000_000)];
    await backend.save(handle, body);
    server.hangUp();
    expect((await read(backend, handle)).equals(body)).toBe(true);
    const saving = backend.save(pack(), randomBytes(40 << 20));
    server.hangUp();
    await saving;
    expect(await names(backend, "pack")).toHaveLength(2);
  });

  it.each([700, 3000, 300_000, 2_000_000])(
    "goes on when the line breaks after %d bytes, in whichever way",
    async (bytes) => {
      const proxy = await FaultProxy.start(server.port);
      const key = server.knownHosts.split(" ").slice(1).join(" ");
      writeFileSync(join(home, ".ssh/known_hosts"), `[127.0.0.1]:${proxy.port} ${key}`);
      const backend = wrapBackend(use(`broken ${bytes}`, `127.0.0.1:${proxy.port}`));
      const body = randomBytes(3 << 20);
      await backend.save(format, Buffer.from("{}"));
      const whileBroken = async (way: "up" | "down", work: () => Promise<unknown>) => {
        proxy.set({});
        const working = work();
        await proxy.reaches(way, bytes);
        proxy.set({ down: true });
        proxy.set({});
        await working;
      };
      const handle = pack();
      await whileBroken("up", () => backend.save(handle, body));
      await whileBroken("down", () => read(backend, handle));
      proxy.set({ cutDownAfter: bytes, times: 2 });
      expect((await read(backend, handle)).equals(body)).toBe(true);
      expect(await names(backend, "pack")).toHaveLength(1);
      await backend.close();
      await proxy.close();
    },
  );

  it("says what is wrong: nobody there, no such host, a folder that is not writable, a store that is gone", async () => {
    const nobody = use("x", "127.0.0.1:1");
    expect(await failure(nobody.stat(format))).toMatchObject({
      kind: "unreachable",
      message: expect.stringContaining(`${nobody.location}: 127.0.0.1:1 cannot be reached: nobody listens`),
      hint: expect.stringContaining("run the same command again"),
    });
    const backend = await begun("gone");
    rmSync(join(server.folder, "gone"), { recursive: true });
    await backend.close();
    const error = await failure(use("gone").save(pack(), Buffer.from("x")));
    expect(error.message).toContain("does not exist");
    expect(existsSync(join(server.folder, "gone"))).toBe(false);
  });

  it("makes its folder, once", async () => {
    expect(await use("made").createPlace()).toEqual({ made: true, settings: [] });
    expect(await use("made").createPlace()).toEqual({ made: false, settings: [] });
    expect((await failure(use("no/such/parent").createPlace())).kind).toBe("missing");
  });

  it("does not list unfinished uploads, and removes those that nobody can be writing", async () => {
    const backend = await begun("stale");
    await backend.save(git("a"), Buffer.from("x"));
    const folder = join(server.folder, "stale/git");
    const files = ["0", "1"].map((digit) => join(folder, `.mlgit-tmp-${digit.repeat(16)}`));
    for (const file of files) writeFileSync(file, "half");
    utimesSync(files[0] as string, 1, 1);
    expect(await names(backend, "git")).toEqual(["a"]);
    expect(readdirSync(folder).sort()).toEqual([".mlgit-tmp-1111111111111111", "a"]);
  });

  it.each([
    "sftp://",
    "sftp://host",
    "sftp://host/",
    "sftp://-oProxy/x",
    "sftp://a b/x",
    "sftp://host:0/x",
    "sftp://host/a/../b",
    "sftp://host/~user/x",
  ])("refuses %j", async (url) => {
    expect((await failure((async () => sftpConfig({ url }))())).kind).toBe("setup");
  });
});
