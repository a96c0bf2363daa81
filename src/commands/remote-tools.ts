import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { GitSettings } from "../config/git-settings.ts";
import { remotePlace } from "../config/remote-place.ts";
import { isMlgitError, MlgitError } from "../error/mlgit-error.ts";
import type { Repository } from "../git/repository.ts";
import { gitText } from "../git/run.ts";
import { assertInnerProtocol } from "../remote-helper/inner-protocol.ts";
import { RemoteRepository } from "../remote-helper/remote-repository.ts";
import type { Context } from "./command.ts";
import { gitSettingsIn } from "./git-settings-in.ts";

export interface RemoteRequest {
  /** The remote's name, or its URL where it has none. */
  readonly name: string;
  /** The store's URL: what follows `mlgit::`. */
  readonly url: string;
  /** git's configuration, where it was read already. */
  readonly git?: GitSettings;
}

/**
 * The git repository in a store, reached as git's configuration says. Makes no request.
 * @throws MlgitError kind `setup` or `refused` for a URL that makes no sense or is not allowed here.
 */
export async function openRemote(context: Context, { name, url, ...known }: RemoteRequest): Promise<RemoteRepository> {
  // Also outside of a repository.
  const git = known.git ?? (await gitSettingsIn(context.cwd));
  assertInnerProtocol(url, git, process.env);
  const backend = await context.openBackend({ url, name, source: "remote", ...remotePlace(git, name, url) });
  return new RemoteRepository({ backend, url, folder: mirrorFolder(git), signal: context.signal, warn: context.warn });
}

/** Where the local copies of repositories in stores lie: `mlgit.mirrors`, else the user's own cache folder, which clones share. */
export function mirrorFolder(git: GitSettings): string {
  const configured = git.get("mlgit.mirrors");
  if (configured?.startsWith("~/")) return join(homedir(), configured.slice(2));
  if (configured?.startsWith("/")) return configured;
  if (configured !== undefined)
    throw new MlgitError("setup", `git config mlgit.mirrors is not an absolute path: ${configured}`, {
      hint: "git config --global mlgit.mirrors ~/.cache/mlgit/mirrors",
    });
  const cache = process.env.XDG_CACHE_HOME;
  return join(cache?.startsWith("/") ? cache : join(homedir(), ".cache"), "mlgit", "mirrors");
}

/**
 * The folder `objects` of a repository that was just made by `git clone`, where packs may be put without git looking at each object; undefined for any
 * other repository, or when the user wants them looked at (`transfer.fsckObjects`).
 */
export async function emptyObjects(context: Context, git: GitSettings): Promise<string | undefined> {
  const commonDir = await commonDirOf(context);
  if (commonDir === undefined) return undefined;
  if (git.bool("fetch.fsckobjects") ?? git.bool("transfer.fsckobjects")) return undefined;
  const objects = join(commonDir, "objects");
  const entries = readdirSync(objects).filter((name) => name !== "info" && name !== "pack");
  const packs = existsSync(join(objects, "pack")) ? readdirSync(join(objects, "pack")) : [];
  const isUsed = entries.length > 0 || packs.length > 0 || existsSync(join(objects, "info/alternates"));
  return isUsed || existsSync(join(commonDir, "packed-refs")) ? undefined : objects;
}

/** Undefined outside of a repository: `git ls-remote` with a URL needs none. */
async function commonDirOf(context: Context): Promise<string | undefined> {
  try {
    return (await context.repository()).commonDir;
  } catch (error) {
    if (isMlgitError(error) && error.kind === "setup") return undefined;
    throw error;
  }
}

/** The full name of the branch that is checked out, born or not; undefined with a detached HEAD. */
export function checkedOutBranch({ gitDir }: Repository): Promise<string | undefined> {
  return gitText(["symbolic-ref", "-q", "HEAD"], { cwd: gitDir });
}
