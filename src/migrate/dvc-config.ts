import { isAbsolute, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { BackendOptions } from "../backend/backend.ts";
import { MlgitError } from "../error/mlgit-error.ts";

/** `.dvc/config`: INI sections `[core]`, `[cache]`, `['remote "name"']`, and `key = value` lines. */
export type DvcConfig = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** Reads the texts of `.dvc/config` and `.dvc/config.local`; later ones win. */
export function parseDvcConfig(texts: readonly string[]): DvcConfig {
  const sections = new Map<string, Map<string, string>>();
  for (const text of texts) {
    let section = "";
    for (const raw of text.split(/\r?\n/)) {
      const line = raw.trim();
      if (line === "" || line.startsWith("#") || line.startsWith(";")) continue;
      const head = /^\[(.*)\]$/.exec(line)?.[1];
      const [, key = "", value = ""] = /^([\w-]+)\s*=\s*(.*)$/.exec(line) ?? [];
      if (head !== undefined) section = unquote(head.trim());
      else if (key !== "") {
        const values = sections.get(section) ?? new Map<string, string>();
        sections.set(section, values.set(key, unquote(value.trim())));
      }
    }
  }
  return sections;
}

export function remoteNames(config: DvcConfig): string[] {
  return [...config.keys()].flatMap((section) => /^remote "(.*)"$/.exec(section)?.[1] ?? []);
}

/** The folder of the local cache; `folder` is the `.dvc` folder that the configuration lies in. */
export function cacheFolder(config: DvcConfig, folder: string): string {
  return resolve(folder, config.get("cache")?.get("dir") ?? "cache");
}

/**
 * The place of a remote, as our backends name it. Secrets in DVC's configuration are not read: credentials come from the provider's own chain.
 * @throws MlgitError kind `setup` for a remote that is not there, `unsupported` for a kind of place that we do not have.
 */
export function remoteOptions(config: DvcConfig, name: string, folder: string): BackendOptions {
  const remote = config.get(`remote "${name}"`);
  const url = remote?.get("url");
  if (!remote || url === undefined)
    throw new MlgitError("setup", `DVC's configuration has no remote ${name}`, {
      hint: `it has: ${remoteNames(config).join(", ") || "none"}`,
    });
  const [, scheme, rest = ""] = /^([a-z0-9+]+):\/\/(.*)$/i.exec(url) ?? [];
  if (scheme === "remote") return nested(config, rest, folder);
  const option = (key: string, as: string) => (remote.has(key) ? { [as]: remote.get(key) } : {});
  if (scheme === "s3")
    return {
      url,
      ...option("endpointurl", "endpointUrl"),
      ...option("region", "region"),
      ...option("profile", "profile"),
    };
  if (scheme === "gs") return { url, endpointUrl: "https://storage.googleapis.com", ...option("profile", "profile") };
  if (scheme === "http" || scheme === "https") return { url };
  if (scheme === "ssh") return { url: sftpUrl(rest, remote) };
  if (scheme === "azure") return { url, ...option("account_name", "account") };
  if (scheme === undefined || scheme === "file") return { url: pathToFileURL(localPath(url, folder)).href };
  throw new MlgitError("unsupported", `DVC's remote ${name} is at ${scheme}://, which mlgit cannot read`, {
    hint: "bring its data into DVC's cache (dvc fetch), or name another way to the same folder: --from rclone:<remote>:<path>",
  });
}

/** `remote://other/folder`: below another remote. */
function nested(config: DvcConfig, rest: string, folder: string): BackendOptions {
  const [, name = "", below = ""] = /^([^/]*)(.*)$/.exec(rest) ?? [];
  if (/^remote:/.test(config.get(`remote "${name}"`)?.get("url") ?? ""))
    throw new MlgitError("setup", `DVC's remote ${name} is below another one that is below a third`);
  const base = remoteOptions(config, name, folder);
  return { ...base, url: base.url.replace(/\/+$/, "") + below };
}

function sftpUrl(rest: string, remote: ReadonlyMap<string, string>): string {
  const [, authority = "", path = ""] = /^([^/]*)(.*)$/.exec(rest) ?? [];
  const user = remote.get("user");
  const port = remote.get("port");
  const host = user === undefined || authority.includes("@") ? authority : `${user}@${authority}`;
  return `sftp://${port === undefined || /:\d+$/.test(host) ? host : `${host}:${port}`}${path}`;
}

function localPath(url: string, folder: string): string {
  const path = url.replace(/^file:\/\//, "");
  return isAbsolute(path) ? path : resolve(folder, path);
}

function unquote(text: string): string {
  return /^(["']).*\1$/.test(text) ? text.slice(1, -1) : text;
}
