import { constants, copyFileSync, linkSync, mkdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Backend } from "../../backend/backend.ts";
import { isNoFolderError } from "../../backend/backend-error.ts";
import { assertContactAllowed } from "../../config/choose-store.ts";
import type { StoreSettings } from "../../config/settings.ts";
import { diskError } from "../../error/disk-error.ts";
import { isMlgitError } from "../../error/mlgit-error.ts";
import { uniqueName } from "../../util/durable.ts";
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
  // Beside the worktree and, but for odd set-ups, on its file system; in the worktree itself a watcher would see it.
  const target = join(repository.gitDir, name);
  try {
    mkdirSync(cacheFolder, { recursive: true });
    writeFileSync(probe, "mlgit");
    const { bavail, bsize } = statfsSync(cacheFolder);
    const free = formatBytes(bavail * bsize);
    return [ok("cache", `${cacheFolder} can be written, ${free} free`), linkAbility(probe, target)];
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
