import { MlgitError } from "../../error/mlgit-error.ts";
import type { BackendOptions } from "../backend.ts";
import { parseStoreUrl } from "../location.ts";

export interface RcloneConfig {
  /** What rclone calls the place: `remote:path`, without a trailing `/`. */
  readonly fs: string;
  /** The name of the remote in rclone's own configuration. */
  readonly remote: string;
}

/** Schemes of other tools' URLs, and how the rclone remote is called unless the store's `profile` says so. */
const mapped: Readonly<Record<string, string>> = { gdriveh: "gdrive", gs: "gs" };

/**
 * Reads `rclone:remote:path` (as rclone writes it), `rclone://remote/path`, and `gdriveh://folder/path` or `gs://bucket/path`, whose remote is
 * named by the option `profile`.
 * @throws MlgitError kind `setup`.
 */
export function rcloneConfig({ url, profile }: BackendOptions): RcloneConfig {
  const { scheme, authority, path } = parseStoreUrl(url);
  const other = mapped[scheme];
  const remote = other === undefined ? authority : profile || other;
  const isShort = /^rclone:(?!\/\/)/i.test(url);
  const inside = other === undefined ? (isShort ? path : path.slice(1)) : authority + path;
  // What rclone calls a name; a connection string would be a place without a name, and may hold a password.
  if (!/^[\w.+@][\w.+@ -]*$/.test(remote) || /[ ]$/.test(remote))
    throw wrong(
      url,
      `"${remote}" is no name of an rclone remote`,
      "make one with `rclone config`, and write rclone:<remote>:<path>",
    );
  if (/[\]\p{Cc}]/u.test(inside) || inside.split("/").includes(".."))
    throw wrong(url, "this path cannot be used", "use plain names with / between them, without ] and ..");
  return { remote, fs: `${remote}:${inside.replace(/(?<=.)\/+$/, "")}` };
}

function wrong(url: string, what: string, hint: string): MlgitError {
  return new MlgitError("setup", `${what}: ${url}`, { hint });
}
