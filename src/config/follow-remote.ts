import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { MlgitError } from "../error/mlgit-error.ts";
import type { StoreSettings } from "./settings.ts";

/** A git remote as git resolves it: name (absent for a bare URL on the command line) and the URL in use. */
export interface RemoteLocation {
  readonly name: string | undefined;
  readonly url: string;
}

/**
 * The store URL that a remote implies: the folder `mlgit/` inside a bare repository on this machine, or behind ssh; the store of an `mlgit::` remote itself.
 * Undefined when the remote implies none: a git host behind https keeps no data for us.
 * @throws MlgitError kind `setup` when a local remote does not exist.
 */
export function storeOfRemote(remote: RemoteLocation, top: string): string | undefined {
  const { url } = remote;
  if (url.startsWith("mlgit::")) return url.slice("mlgit::".length);
  const ssh = sshParts(url);
  if (ssh) return `sftp://${ssh.host}${ssh.path.replace(/\/+$/, "")}/mlgit`;
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(url) && !/^file:\/\//i.test(url)) return undefined;
  const path = /^file:\/\//i.test(url) ? fileURLToPath(url) : resolve(top, url);
  return pathToFileURL(localStore(path, remote)).href;
}

/** ssh://host/path and the scp form host:path; undefined for anything else. git reads `a:b` as ssh unless a `/` comes before the colon. */
function sshParts(url: string): { host: string; path: string } | undefined {
  const full = /^(?:ssh|git\+ssh|ssh\+git):\/\/([^/]+)(\/.*)$/i.exec(url);
  if (full?.[1] && full[2]) return { host: full[1], path: full[2] };
  const scp = /^([^/:]+):(?!\/\/)(.*)$/.exec(url);
  if (!scp?.[1] || /^[a-z]$/i.test(scp[1])) return undefined;
  const path = scp[2] ?? "";
  return { host: scp[1], path: path.startsWith("/") ? path : `/~/${path}` };
}

/** git's own order of trying names (path.c, enter_repo). */
function localStore(path: string, remote: RemoteLocation): string {
  for (const candidate of [join(path, ".git"), path, `${path}.git/.git`, `${path}.git`])
    if (isGitDir(candidate)) return storeFolderIn(candidate);
  const isFile = statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  throw new MlgitError("setup", `the remote ${remote.name ?? remote.url} is no git repository: ${path}`, {
    path,
    hint: isFile
      ? "a bundle has no data: `git remote add <name> <url>` of the repository that it was made from, `git mlgit fetch <name>`, `git mlgit hydrate`"
      : `make it with \`git init --bare ${path}\`, or name a store with \`git mlgit store add\``,
  });
}

/** The store that others made in the repository of this git dir, whose remote it is. Undefined where none is. */
export function ownStore(gitDir: string): StoreSettings | undefined {
  const folder = storeFolderIn(gitDir);
  if (!existsSync(join(folder, "mlgit.json"))) return undefined;
  return { name: "own", url: pathToFileURL(folder).href, source: "remote", trusted: true };
}

function storeFolderIn(gitDir: string): string {
  return join(gitDir, gitDir.endsWith("/.git") ? "mlgit-store" : "mlgit");
}

function isGitDir(path: string): boolean {
  return (
    existsSync(join(path, "HEAD")) && statSync(join(path, "objects"), { throwIfNoEntry: false })?.isDirectory() === true
  );
}
