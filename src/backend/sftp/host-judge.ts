import { existsSync, readFileSync } from "node:fs";
import { BackendError } from "../backend-error.ts";
import { fingerprint, hostName, KnownHosts, keyText } from "./known-hosts.ts";
import type { SshSettings } from "./ssh-settings.ts";

/** Decides about the key that a host shows, and remembers why it said no. */
export class HostJudge {
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
