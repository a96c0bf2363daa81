import { existsSync, readFileSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { join } from "node:path";
import { BackendError } from "../backend-error.ts";

/** A host to log in to: its name or an alias of ssh's configuration, and what goes before that. */
export interface SshTarget {
  readonly host: string;
  readonly port: number | undefined;
  readonly user: string | undefined;
}

/** What ssh itself would use for a host: the user's configuration, and ssh's defaults. */
export interface SshSettings {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Under which name the host's key is kept; the host's own if absent. */
  readonly alias: string | undefined;
  readonly identities: readonly string[];
  readonly onlyIdentities: boolean;
  /** A socket; undefined for no agent. */
  readonly agent: string | undefined;
  readonly knownHosts: readonly string[];
  /** Hosts on the way, the nearest first, as ProxyJump has them. */
  readonly jumps: readonly string[];
}

const defaultKeys = ["id_ed25519", "id_ecdsa", "id_rsa"];

/**
 * Reads `~/.ssh/config` and `/etc/ssh/ssh_config`; what the URL says comes first.
 * @throws BackendError kind `unsupported` for a host that is reached through a program.
 */
export async function readSshSettings(config: SshTarget): Promise<SshSettings> {
  const { default: SSHConfig } = await import("ssh-config");
  const texts = [join(home(), ".ssh/config"), "/etc/ssh/ssh_config"].map(read);
  const found = SSHConfig.parse(texts.join("\n")).compute({
    Host: config.host,
    ...(config.user ? { User: config.user } : {}),
  });
  const one = (name: string) => [wordOf(found, name)].flat()[0];
  const jump = one("ProxyJump");
  const proxy = jump === undefined ? one("ProxyCommand") : undefined;
  if (proxy !== undefined && proxy !== "none")
    throw new BackendError(
      "unsupported",
      `ssh reaches ${config.host} through a program (${proxy}), which mlgit does not start`,
      {
        hint: "name the hosts on the way with ProxyJump in ssh's configuration, or a host that can be reached directly",
      },
    );
  const user = config.user ?? one("User") ?? userInfo().username;
  const host = (one("HostName") ?? config.host).replaceAll("%h", config.host).replaceAll("%%", "%");
  const expand = (path: string) => expandPath(path, { host, user });
  const identities = list(wordOf(found, "IdentityFile"))
    .filter((path) => path !== "none")
    .map(expand);
  const agent = one("IdentityAgent") ?? "SSH_AUTH_SOCK";
  return {
    host,
    port: config.port ?? Number(one("Port") ?? 22),
    user,
    alias: one("HostKeyAlias"),
    identities: identities.length > 0 ? identities : defaultKeys.map((name) => join(home(), ".ssh", name)),
    onlyIdentities: one("IdentitiesOnly")?.toLowerCase() === "yes",
    agent: agentSocket(agent, expand),
    knownHosts: knownHostsFiles(wordOf(found, "UserKnownHostsFile"), expand),
    jumps: jump === undefined || jump === "none" ? [] : jump.split(",").map((word) => word.trim()),
  };
}

/**
 * One host of ProxyJump: `[user@]host[:port]`, or the same after `ssh://`. Source: ssh_config(5).
 * @throws BackendError kind `setup`.
 */
export function jumpOf(text: string): SshTarget {
  const pattern = /^(?:ssh:\/\/)?(?:([^@\s]+)@)?(?:\[([0-9a-f:.%]+)\]|([\w.-]+))(?::(\d{1,5}))?\/?$/i;
  const [, user, bracketed, plain, port] = pattern.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host !== undefined) return { host, user, port: port === undefined ? undefined : Number(port) };
  throw new BackendError("setup", `ProxyJump ${text} in ssh's configuration is not understood`, {
    hint: "write it like user@host:port",
  });
}

function agentSocket(word: string, expand: (path: string) => string): string | undefined {
  if (word === "none") return undefined;
  if (word === "SSH_AUTH_SOCK") return process.env.SSH_AUTH_SOCK || undefined;
  return word.startsWith("$") ? process.env[word.slice(1).replace(/[{}]/g, "")] : expand(word);
}

function knownHostsFiles(value: string | string[] | undefined, expand: (path: string) => string): string[] {
  const own = list(value)
    .flatMap((line) => line.split(/\s+/))
    .map(expand);
  const usual = [join(home(), ".ssh/known_hosts"), join(home(), ".ssh/known_hosts2")];
  return [...(own.length > 0 ? own : usual), "/etc/ssh/ssh_known_hosts"];
}

function home(): string {
  return process.env.HOME || homedir();
}

/** Keywords are written in any case. */
function wordOf(found: Readonly<Record<string, string | string[]>>, name: string): string | string[] | undefined {
  const key = Object.keys(found).find((one) => one.toLowerCase() === name.toLowerCase());
  return key === undefined ? undefined : found[key];
}

function list(value: string | string[] | undefined): string[] {
  return value === undefined ? [] : [value].flat();
}

/** Source: ssh_config(5), TOKENS. */
function expandPath(path: string, { host, user }: { host: string; user: string }): string {
  const tokens: Readonly<Record<string, string>> = {
    "%d": home(),
    "%h": host,
    "%r": user,
    "%u": userInfo().username,
    "%%": "%",
  };
  const expanded = path.replace(/^"(.*)"$/, "$1").replace(/%[dhru%]/g, (token) => tokens[token] ?? token);
  return expanded.startsWith("~/") ? join(home(), expanded.slice(2)) : expanded;
}

function read(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}
