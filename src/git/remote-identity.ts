import { realpathSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

const defaultPorts = new Set(["22", "80", "443", "9418"]);

/**
 * One name for all URLs of a remote, as far as can be told without asking it, and none of its secrets: `host/path`, without user (but for whose home a path begins in), password,
 * query, usual port and `.git`; the resolved path of one on this machine; an `mlgit::` URL without its user.
 * @param top what a relative path begins at: git takes the top of the worktree
 */
export function remoteIdentity(url: string, top: string): string {
  if (url.startsWith("mlgit::")) return withoutEnd(url.replace(/^(mlgit::[a-z][a-z0-9+.-]*:\/\/)[^/]*@/i, "$1"));
  if (/^file:\/\//i.test(url)) return ofPath(pathOf(url));
  const home = /^ssh:\/\/([^/:@]+)(?::[^/]*)?@([^/:@]+)(?::(\d+))?\/(~\/.*)$/i.exec(url);
  if (home) return ofHost(home[2] ?? "", home[3], atHome(home[4] ?? "", home[1]));
  const full = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/]*@)?([^/:]+|\[[^\]]+\])(?::(\d+))?(?:\/([^?#]*).*)?$/i.exec(url);
  if (full) return ofHost(full[1] ?? "", full[2], full[3] ?? "");
  const scp = /^(?:([^/:]*)@)?([^/:]{2,}|\[[^\]]+\]):(.*)$/.exec(url);
  if (scp) return ofHost(scp[2] ?? "", undefined, atHome(scp[3] ?? "", scp[1]));
  return ofPath(resolve(top, url));
}

/** One that names another machine is no path to Node, and git may know what it is. */
function pathOf(url: string): string {
  try {
    return fileURLToPath(url);
  } catch {
    return url.slice("file://".length);
  }
}

/** A path that begins in the home of the one who logs in. All log in as `git` where that is no home: there the path names the repository. */
function atHome(path: string, user: string | undefined): string {
  const begun = path.replace(/^~\//, "");
  if (user === undefined || user === "git" || /^[/~]/.test(begun)) return path;
  return `~${user}/${begun}`;
}

function ofHost(host: string, port: string | undefined, path: string): string {
  const place = port === undefined || defaultPorts.has(port) ? host : `${host}:${port}`;
  return withoutEnd(`${place.toLowerCase()}/${path.replace(/^\/+/, "")}`);
}

function ofPath(path: string): string {
  for (const candidate of [path, `${path}.git`])
    try {
      return ofFolder(realpathSync(candidate));
    } catch {
      // It is not there, or not yet.
    }
  return ofFolder(path);
}

/** Here `data` and `data.git` may lie side by side, and are two. */
function ofFolder(path: string): string {
  return path.replace(/\/+$/, "").replace(/\/\.git$/, "");
}

/** git finds a repository with and without these. */
function withoutEnd(url: string): string {
  return url
    .replace(/\/+$/, "")
    .replace(/(?:\/?\.git)$/, "")
    .replace(/\/+$/, "");
}
