import { MlgitError } from "../../error/mlgit-error.ts";
import type { BackendOptions, Guarantees } from "../backend.ts";
import { parseStoreUrl } from "../location.ts";

export interface SftpConfig {
  readonly url: string;
  /** A host's name, its address, or an alias of ssh's configuration. */
  readonly host: string;
  readonly port: number | undefined;
  readonly user: string | undefined;
  /** Absolute, or relative to the folder that a login begins in. Without a trailing `/`. */
  readonly folder: string;
  readonly guarantees: Guarantees | undefined;
}

/**
 * Reads `sftp://[user@]host[:port]/absolute/folder`, or `…/~/folder` below the folder that a login begins in. Nothing is decoded.
 * @throws MlgitError kind `setup`.
 */
export function sftpConfig({ url, guarantees }: BackendOptions): SftpConfig {
  const { authority, path } = parseStoreUrl(url);
  const [, user, bracketed, plain, port] =
    /^(?:([^@]+)@)?(?:\[([0-9a-f:.%]+)\]|([^:@[\]]+))(?::(\d{1,5}))?$/i.exec(authority) ?? [];
  const host = bracketed ?? plain;
  // Hosts and users become words of messages and prompts, and of what ssh's configuration is asked.
  if (
    !host ||
    !/^[\w.:%-]+$/.test(host) ||
    host.startsWith("-") ||
    (user !== undefined && !/^[\w.\\+-][\w.@\\+-]*$/.test(user))
  )
    throw wrong(url, `"${authority}" is not a host`, "write it like sftp://user@host/path/to/store");
  const folder = path.startsWith("/~/") ? path.slice(3) : path;
  if (
    /[\p{Cc}\\]/u.test(folder) ||
    folder.split("/").includes("..") ||
    folder.replace(/\/+$/, "") === "" ||
    folder.startsWith("/~")
  )
    throw wrong(
      url,
      "this folder cannot hold a store",
      "write it like sftp://host/path/to/store, or sftp://host/~/store",
    );
  return {
    url,
    host,
    port: port === undefined ? undefined : portOf(port, url),
    user,
    folder: folder.replace(/\/+$/, ""),
    guarantees,
  };
}

function portOf(text: string, url: string): number {
  const port = Number(text);
  if (port > 0 && port < 65_536) return port;
  throw wrong(url, `${text} is not a port`, "1 to 65535");
}

function wrong(url: string, what: string, hint: string): MlgitError {
  return new MlgitError("setup", `${what}: ${url}`, { hint });
}
