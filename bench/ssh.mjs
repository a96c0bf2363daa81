import { execFileSync, spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const program = "/usr/sbin/sshd";

/**
 * OpenSSH's server on a port of loopback's with keys of its own, for `git` over ssh; undefined where it is not installed.
 * @returns {Promise<{url(path: string): string, env: Record<string, string>, stop(): void} | undefined>}
 */
export async function startSsh(folder) {
  if (!existsSync(program)) return undefined;
  mkdirSync(folder, { recursive: true });
  for (const name of ["host", "user"])
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(folder, name)]);
  copyFileSync(join(folder, "user.pub"), join(folder, "authorized_keys"));
  if (userInfo().uid === 0) mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
  const port = await freePort();
  const lines = [
    `ListenAddress 127.0.0.1`,
    `Port ${port}`,
    `HostKey ${folder}/host`,
    `AuthorizedKeysFile ${folder}/authorized_keys`,
    "PidFile none",
    "StrictModes no",
    "UsePAM no",
    "PasswordAuthentication no",
    "PermitRootLogin prohibit-password",
  ];
  writeFileSync(join(folder, "sshd_config"), `${lines.join("\n")}\n`);
  const server = spawn(program, ["-D", "-e", "-f", join(folder, "sshd_config")], { stdio: "ignore" });
  // Else the benchmark would wait for it after its last line.
  server.unref();
  while (server.exitCode === null && !(await answers(port))) await sleep(50);
  if (server.exitCode !== null) return undefined;
  const known = ["-o", "UserKnownHostsFile=/dev/null", "-o", "StrictHostKeyChecking=no", "-o", "LogLevel=ERROR"];
  return {
    url: (path) => `ssh://${userInfo().username}@127.0.0.1:${port}${path}`,
    env: { GIT_SSH_COMMAND: ["ssh", "-F", "/dev/null", "-i", join(folder, "user"), ...known].join(" ") },
    stop: () => server.kill("SIGKILL"),
  };
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function answers(port) {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => resolve(true)).on("error", () => resolve(false));
    socket.on("connect", () => socket.destroy());
  });
}
