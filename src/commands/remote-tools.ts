import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { GitSettings } from "../config/git-settings.ts";
import { remotePlace } from "../config/remote-place.ts";
import { MlgitError } from "../error/mlgit-error.ts";
import type { Repository } from "../git/repository.ts";
import { gitText } from "../git/run.ts";
import { assertInnerProtocol } from "../remote-helper/inner-protocol.ts";
import type { Change } from "../remote-helper/push.ts";
import { RemoteRepository } from "../remote-helper/remote-repository.ts";
import { checkPush } from "./check-push.ts";
import { contentsOf } from "./collect-contents.ts";
import type { Context } from "./command.ts";
import { gitSettingsIn, loadGitSettings } from "./git-settings-in.ts";
import { relinkPushed } from "./relink-pushed.ts";
import { Session } from "./session.ts";
import { describePush, upload } from "./upload.ts";

export interface RemoteRequest {
  /** The remote's name, or its URL where it has none. */
  readonly name: string;
  /** The store's URL: what follows `mlgit::`. */
  readonly url: string;
}

/**
 * The git repository in a store, reached as git's configuration says. Makes no request.
 * @throws MlgitError kind `setup` or `refused` for a URL that makes no sense or is not allowed here.
 */
export async function openRemote(context: Context, { name, url }: RemoteRequest): Promise<RemoteRepository> {
  // Also outside of a repository.
  const git = await gitSettingsIn(context.cwd);
  assertInnerProtocol(url, git, process.env);
  const backend = await context.openBackend({ url, ...remotePlace(git, name, url) });
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

/** Uploads the data that commits need to the remote's store. */
export async function uploadData(
  context: Context,
  remote: string,
  range: { readonly include: readonly string[]; readonly exclude: readonly string[] },
): Promise<void> {
  const wanted = await contentsOf(await context.repository(), range);
  if (wanted.size === 0) return;
  const session = await Session.open(context);
  try {
    const line = describePush(await upload(wanted, { session, context, remote, tips: range.include }));
    if (line) context.info(line);
    await relinkPushed(wanted, session, context);
  } finally {
    await session.close();
  }
}

/** The rules of entities for what is pushed, as other remotes have them from the pre-push hook, but also without hooks. @throws MlgitError kind `refused`. */
export async function checkRules(
  context: Context,
  changes: readonly Change[],
  known: readonly string[],
): Promise<void> {
  const lines = changes.map(({ target, old, next }) => ({
    localRef: target,
    localOid: next,
    remoteRef: target,
    remoteOid: old,
  }));
  await checkPush(await context.repository(), lines, known);
}

/**
 * The folder `objects` of a repository that was just made by `git clone`, where packs may be put without git looking at each object; undefined for any
 * other repository, or when the user wants them looked at (`transfer.fsckObjects`).
 */
export async function emptyObjects(context: Context): Promise<string | undefined> {
  const { commonDir } = await context.repository();
  const git = await loadGitSettings(await context.repository());
  if (git.bool("fetch.fsckobjects") ?? git.bool("transfer.fsckobjects")) return undefined;
  const objects = join(commonDir, "objects");
  const entries = readdirSync(objects).filter((name) => name !== "info" && name !== "pack");
  const packs = existsSync(join(objects, "pack")) ? readdirSync(join(objects, "pack")) : [];
  const isUsed = entries.length > 0 || packs.length > 0 || existsSync(join(objects, "info/alternates"));
  return isUsed || existsSync(join(commonDir, "packed-refs")) ? undefined : objects;
}

/** The full name of the branch that is checked out, born or not; undefined with a detached HEAD. */
export function checkedOutBranch({ gitDir }: Repository): Promise<string | undefined> {
  return gitText(["symbolic-ref", "-q", "HEAD"], { cwd: gitDir });
}
