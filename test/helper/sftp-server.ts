import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { freePort, isInstalled } from "./web-server.ts";

export interface SftpServer {
  readonly port: number;
  readonly user: string;
  /** A folder that it serves, by its absolute path. */
  readonly folder: string;
  /** A private key that it lets in; it has no passphrase. */
  readonly key: string;
  /** The line of known_hosts that names it. */
  readonly knownHosts: string;
  /** Ends the connections that are open, and goes on. */
  hangUp(): void;
  stop(): Promise<void>;
}

const program = "/usr/sbin/sshd";

export function hasSshd(): boolean {
  return isInstalled("sshd");
}

export interface SshdOptions {
  /** It lets whoever logs in through to other hosts. */
  readonly isGate?: boolean;
  /** It runs what it is asked to, as a host of git repositories does, with this environment and no other. */
  readonly runs?: Readonly<Record<string, string | undefined>>;
}

/** OpenSSH's server on a port of loopback's, with keys of its own. Stopped by its pid. */
export async function startSshd({ isGate = false, runs }: SshdOptions = {}): Promise<SftpServer> {
  const work = mkdtempSync(join(tmpdir(), "mlgit-sshd-"));
  const [host, key, folder] = [join(work, "host"), join(work, "user"), join(work, "data")];
  for (const path of [host, key]) makeKey(path);
  mkdirSync(folder);
  writeFileSync(join(work, "authorized_keys"), readFileSync(`${key}.pub`));
  // Privilege separation wants it; Debian makes it when its service starts.
  if (userInfo().uid === 0) mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
  for (let tries = 1; ; tries++) {
    const port = await freePort();
    writeFileSync(
      join(work, "sshd_config"),
      config(work, port, runs && forcedCommand(work, runs)) + (isGate ? "" : "AllowTcpForwarding no\n"),
    );
    const child = spawn(program, ["-D", "-e", "-f", join(work, "sshd_config")], { stdio: "ignore" });
    if (await answers(child, port))
      return {
        port,
        user: userInfo().username,
        folder,
        key,
        knownHosts: `[127.0.0.1]:${port} ${readFileSync(`${host}.pub`, "utf8").split(" ").slice(0, 2).join(" ")}\n`,
        hangUp: () => endChildren(child),
        async stop() {
          endChildren(child);
          await end(child);
          rmSync(work, { recursive: true, force: true });
        },
      };
    await end(child);
    if (tries === 5) throw new Error("sshd does not start");
  }
}

export function makeKey(path: string, passphrase = ""): void {
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", passphrase, "-C", "test", "-f", path]);
  chmodSync(path, 0o600);
}

/** A program that runs what the client asked for. */
function forcedCommand(work: string, env: Readonly<Record<string, string | undefined>>): string {
  const lines = Object.entries(env).flatMap(([name, value]) =>
    value === undefined ? [] : `${name}=${quoted(value)} \\`,
  );
  const script = ["#!/bin/sh", "exec env -i \\", ...lines, 'sh -c "$SSH_ORIGINAL_COMMAND"', ""].join("\n");
  writeFileSync(join(work, "run"), script, { mode: 0o755 });
  return join(work, "run");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function config(work: string, port: number, forced = `internal-sftp -d ${work}/data`): string {
  return `ListenAddress 127.0.0.1
Port ${port}
HostKey ${work}/host
PidFile none
AuthorizedKeysFile ${work}/authorized_keys
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
PermitTTY no
MaxStartups 100
Subsystem sftp ${forced.startsWith("internal") ? "internal-sftp" : "/usr/lib/openssh/sftp-server"}
ForceCommand ${forced}
`;
}

async function answers(child: ChildProcess, port: number): Promise<boolean> {
  for (let tries = 0; tries < 200 && child.exitCode === null; tries++) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve(true)).on("error", () => resolve(false));
      socket.unref();
      socket.on("connect", () => socket.destroy());
    });
    if (isOpen) return true;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return false;
}

/** Each connection has a process of its own, a child of the server. */
function endChildren({ pid }: ChildProcess): void {
  const children = execFileSync("sh", ["-c", `cat /proc/${pid}/task/*/children`], { encoding: "utf8" });
  for (const child of children.trim().split(/\s+/)) {
    try {
      if (child !== "") process.kill(Number(child), "SIGKILL");
    } catch {
      // It ended by itself meanwhile.
    }
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = new Promise((resolve) => child.once("close", resolve));
  child.kill("SIGKILL");
  await closed;
}
