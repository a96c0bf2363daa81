import { constants, copyFileSync, linkSync, rmSync, statfsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Backend } from "../../backend/backend.ts";
import { isNoFolderError } from "../../backend/backend-error.ts";
import { assertContactAllowed } from "../../config/choose-store.ts";
import type { StoreSettings } from "../../config/settings.ts";
import { diskError } from "../../error/disk-error.ts";
import { isMlgitError } from "../../error/mlgit-error.ts";
import { makeFolder, uniqueName } from "../../util/durable.ts";
import { formatBytes } from "../../util/format-bytes.ts";
import type { Context } from "../command.ts";
import type { Session } from "../session.ts";
import { bad, type Finding, note, ok } from "./finding.ts";

/** The cache and the store: can they be used, and what can they do. */
export async function checkPlaces(session: Session, context: Context): Promise<Finding[]> {
  return [...checkCache(session), await checkStore(session, context)];
}

function checkCache({ cacheFolder, repository }: Session): Finding[] {
  const name = `.doctor-${uniqueName()}`;
  const probe = join(cacheFolder, name);
  const { gitDir, workTree = gitDir } = repository;
  // A watcher would see it in the worktree itself.
  const target = join(gitDir, name);
  try {
    makeFolder(cacheFolder);
    writeFileSync(probe, "mlgit");
    const { bavail, bsize } = statfsSync(cacheFolder);
    const free = formatBytes(bavail * bsize);
    const links = isSameDevice(gitDir, workTree) ? linkAbility(probe, target) : elsewhere(cacheFolder, workTree);
    return [ok("cache", `${cacheFolder} can be written, ${free} free`), links];
  } catch (error) {
    const cause = diskError(error, { doing: "write to", path: cacheFolder });
    if (!isMlgitError(cause)) throw error;
    return [bad("cache", cause.message, cause.hint ?? "git config mlgit.cache <folder>")];
  } finally {
    rmSync(probe, { force: true });
    rmSync(target, { force: true });
  }
}

function linkAbility(probe: string, target: string): Finding {
  if (succeeds(() => copyFileSync(probe, target, constants.COPYFILE_FICLONE_FORCE)))
    return ok("links", "files are hydrated by reflink: no byte is copied");
  rmSync(target, { force: true });
  if (succeeds(() => linkSync(probe, target)))
    return ok("links", "no reflinks here: read-only files are hard links to the cache, others are copied");
  return note(
    "links",
    "every hydrated file is a copy: this file system has neither reflinks nor hard links",
    "none is needed: it takes more room and time",
  );
}

/** The worktree of a `--separate-git-dir`, or one that `git worktree add` made on another disk. */
function elsewhere(cacheFolder: string, workTree: string): Finding {
  return isSameDevice(cacheFolder, workTree)
    ? ok("links", "files are hydrated by links or reflinks where the worktree's file system can")
    : copies();
}

function isSameDevice(a: string, b: string): boolean {
  return statSync(a).dev === statSync(b).dev;
}

function copies(): Finding {
  return note(
    "links",
    "every hydrated file is a copy: the cache is on another file system",
    "git config mlgit.cache <folder beside the worktree>",
  );
}

function succeeds(attempt: () => void): boolean {
  try {
    attempt();
    return true;
  } catch {
    return false;
  }
}

async function checkStore(session: Session, context: Context): Promise<Finding> {
  let backend: Backend | undefined;
  try {
    const store = await session.storeSettings(undefined, "push");
    assertContactAllowed(store);
    backend = await context.openBackend(store);
    return await look(backend, store);
  } catch (error) {
    if (!isMlgitError(error)) throw error;
    return bad("store", error.message, error.hint ?? "git mlgit store test");
  } finally {
    await backend?.close();
  }
}

async function look(backend: Backend, store: StoreSettings): Promise<Finding> {
  try {
    await backend.stat({ type: "format", name: "mlgit.json" });
    return ok("store", `${backend.location} can be reached`);
  } catch (error) {
    const willBeMade = store.source === "remote" && isNoFolderError(error);
    if (!backend.isNotFound(error) && !willBeMade) throw error;
    return ok("store", `nothing is in ${backend.location} yet; the first push makes the store`);
  }
}
