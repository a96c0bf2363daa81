import { existsSync, readFileSync } from "node:fs";
import type { Client, SFTPWrapper } from "ssh2";
import { BackendError } from "../backend-error.ts";
import { fingerprint, hostName, KnownHosts, keyText } from "./known-hosts.ts";
import type { SftpConfig } from "./sftp-config.ts";
import { connectError } from "./sftp-error.ts";
import { createLogins } from "./ssh-logins.ts";
import { readSshSettings, type SshSettings } from "./ssh-settings.ts";

export interface SftpSession {
  readonly sftp: SFTPWrapper;
  /** False after the connection broke: what comes next needs a new one. */
  isOpen(): boolean;
  end(): void;
}

const handshakeMs = 20_000;
/** A dead line is noticed after this many unanswered questions. */
const alive = { keepaliveInterval: 15_000, keepaliveCountMax: 3 };

/**
 * Opens one connection with one SFTP channel, as ssh's configuration says. A host whose key is not in known_hosts is refused.
 * @throws BackendError kinds `unreachable`, `denied`, `refused`, `unsupported`.
 */
export async function connectSftp(config: SftpConfig): Promise<SftpSession> {
  const { default: ssh } = await import("ssh2");
  const settings = await readSshSettings(config);
  const where = `${settings.host}${settings.port === 22 ? "" : `:${settings.port}`}`;
  const logins = await createLogins(settings);
  const judge = new HostJudge(settings);
  const client = new ssh.Client();
  try {
    await ready(client, (start) =>
      start.connect({
        host: settings.host,
        port: settings.port,
        username: settings.user,
        readyTimeout: handshakeMs,
        ...alive,
        ...judge.algorithms,
        hostVerifier: (key: Buffer) => judge.accepts(key),
        authHandler: logins.handler,
      }),
    );
    client.setNoDelay(true);
    return await openChannel(client);
  } catch (error) {
    client.end();
    throw judge.refusal ?? connectError(error, { where, host: config.host, user: settings.user, tried: logins.tried });
  }
}

function ready(client: Client, start: (client: Client) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    client.once("ready", resolve);
    client.once("error", reject);
    client.once("close", () => reject(new Error("the server hung up")));
    start(client);
  });
}

function openChannel(client: Client): Promise<SftpSession> {
  let isOpen = true;
  const close = () => {
    isOpen = false;
  };
  // Requests that are under way hear of it by themselves.
  client.on("error", close).on("close", close);
  return new Promise((resolve, reject) => {
    client.sftp((error, sftp) => {
      if (error) return reject(error);
      sftp.on("close", close).on("error", close);
      resolve({ sftp, isOpen: () => isOpen, end: () => client.end() });
    });
  });
}

/** Decides about the key that a host shows, and remembers why it said no. */
class HostJudge {
  refusal: BackendError | undefined;
  readonly #name: string;
  readonly #known: KnownHosts;
  readonly #files: readonly string[];

  constructor({ host, port, alias, knownHosts }: SshSettings) {
    this.#name = alias ?? hostName(host, port);
    this.#files = knownHosts;
    this.#known = new KnownHosts(
      knownHosts.filter((path) => existsSync(path)).map((path) => readFileSync(path, "utf8")),
    );
  }

  /** Of several keys the server is to show one that is known; ssh does the same. */
  get algorithms() {
    const known = this.#known.typesOf(this.#name).flatMap((type) => (type === "ssh-rsa" ? rsa : [type]));
    const types = known.filter((type) => spoken.test(type));
    return types.length === 0 ? {} : { algorithms: { serverHostKey: types as never } };
  }

  accepts(key: Buffer): boolean {
    const trust = this.#known.judge(this.#name, key);
    if (trust === "known") return true;
    const print = fingerprint(key);
    const file = this.#files[0];
    if (trust === "unknown")
      this.refusal = new BackendError("refused", `the host ${this.#name} is not known; its key is ${print}`, {
        hint: `if the host's owner confirms this key, add the line to ${file}: ${this.#name} ${keyText(key)}`,
      });
    else
      this.refusal = new BackendError(
        "refused",
        `THE KEY OF THE HOST ${this.#name} ${trust === "revoked" ? "IS REVOKED" : "HAS CHANGED"}: it shows ${print}. Somebody may be listening in`,
        { hint: `ask the host's owner; if the key was really replaced: ssh-keygen -R '${this.#name}' -f ${file}` },
      );
    return false;
  }
}

/** What ssh2 can check. */
const spoken = /^(?:ssh-ed25519|ecdsa-sha2-nistp(?:256|384|521)|rsa-sha2-(?:256|512)|ssh-rsa)$/;
const rsa = ["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"];
