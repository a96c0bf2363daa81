import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** `unknown`: no line for this host. `changed`: lines for it, none with this key. `revoked`: a line forbids this key. */
export type HostTrust = "known" | "unknown" | "changed" | "revoked";

interface Line {
  readonly marker: string;
  readonly hosts: string;
  readonly type: string;
  readonly key: Buffer;
}

/** Lines of known_hosts. Source of the format: sshd(8), SSH_KNOWN_HOSTS FILE FORMAT. */
export class KnownHosts {
  readonly #lines: readonly Line[];

  /** `texts` are files' contents. */
  constructor(texts: readonly string[]) {
    this.#lines = texts.flatMap((text) => text.split("\n").flatMap((line) => parseLine(line)));
  }

  /** What is said of a host that shows a key (its wire form). `name` is as {@link hostName} makes it. */
  judge(name: string, key: Uint8Array): HostTrust {
    const same = this.#lines.filter((line) => line.key.length === key.length && timingSafeEqual(line.key, key));
    const about = (line: Line) => isAbout(line.hosts, name);
    if (same.some((line) => line.marker === "@revoked" && about(line))) return "revoked";
    const plain = this.#lines.filter((line) => line.marker === "" && about(line));
    if (plain.some((line) => same.includes(line))) return "known";
    return plain.length > 0 ? "changed" : "unknown";
  }

  /** Types of the keys that are known of a host: a server with several is to show one of these. */
  typesOf(name: string): string[] {
    return [
      ...new Set(this.#lines.filter((line) => line.marker === "" && isAbout(line.hosts, name)).map(({ type }) => type)),
    ];
  }
}

/** How known_hosts writes a host: with brackets where the port is not 22. */
export function hostName(host: string, port: number): string {
  return port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`;
}

/** `SHA256:…`, as ssh-keygen prints it. */
export function fingerprint(key: Uint8Array): string {
  return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}

/** `ssh-ed25519 AAAA…` of a key's wire form: what known_hosts wants after the host. */
export function keyText(key: Buffer): string {
  const length = key.readUInt32BE(0);
  return `${key.toString("latin1", 4, 4 + length)} ${key.toString("base64")}`;
}

function parseLine(text: string): Line[] {
  const line = text.trim();
  if (line === "" || line.startsWith("#")) return [];
  const words = line.split(/\s+/);
  const marker = words[0]?.startsWith("@") ? (words.shift() ?? "") : "";
  const [hosts, type, key] = words;
  if (!hosts || !type || !key) return [];
  return [{ marker, hosts, type, key: Buffer.from(key, "base64") }];
}

/** Names, patterns with `*` and `?`, `!` before what is not meant; or one hashed name. */
function isAbout(hosts: string, name: string): boolean {
  const hashed = /^\|1\|([^|]+)\|([^|]+)$/.exec(hosts);
  if (hashed) {
    const [, salt = "", hash = ""] = hashed;
    return createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest("base64") === hash;
  }
  const patterns = hosts.toLowerCase().split(",");
  if (patterns.some((one) => one.startsWith("!") && matches(one.slice(1), name))) return false;
  return patterns.some((one) => !one.startsWith("!") && matches(one, name));
}

function matches(pattern: string, name: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`).test(name);
}
