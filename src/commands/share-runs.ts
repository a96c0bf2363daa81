import { createHash } from "node:crypto";
import { addConfig } from "../git/git-config.ts";
import { cwdOf, gitIn, type Repository } from "../git/repository.ts";
import { gitText } from "../git/run.ts";
import { fetchedRef, mergeFetched, mergeRuns } from "../lineage/merge-runs.ts";
import { runsRef, runsTip } from "../lineage/run-store.ts";
import type { Context } from "./command.ts";
import type { Session } from "./session.ts";

const mostTries = 8;

/**
 * Sends the records of runs that a remote lacks, after taking those that it has. Whatever goes wrong is a warning: what the user
 * pushes does not depend on them, and the next push sends them.
 */
export async function pushRuns(remote: string, session: Session, context: Context): Promise<void> {
  if (!isShared(session, remote)) return;
  const { repository } = session;
  try {
    const fetched = trackingRef(session, remote);
    for (let tries = 0; tries < mostTries; tries++) {
      const tip = await runsTip(repository);
      if (tip === undefined || tip === (await revision(repository, fetched))) return;
      if (await pushTip(repository, remote, tip)) {
        await gitIn(repository, ["update-ref", fetched, tip]);
        return await followRuns(session, remote);
      }
      await fetchTo(repository, remote, fetched);
      const theirs = await revision(repository, fetched);
      if (theirs !== undefined) await mergeRuns(repository, theirs);
    }
    context.warn(
      `the records of runs were not pushed to ${remote}, which takes others all the time; the next push sends them`,
    );
  } catch (error) {
    context.warn(`the records of runs were not pushed: ${error instanceof Error ? error.message : error}`);
  }
}

/** Brings a remote's records of runs. What goes wrong is a warning. Returns whether anything was new. */
export async function fetchRuns(remote: string, session: Session, context: Context): Promise<boolean> {
  if (!isShared(session, remote)) return false;
  try {
    const fetched = trackingRef(session, remote);
    await fetchTo(session.repository, remote, fetched);
    if ((await revision(session.repository, fetched)) !== undefined) await followRuns(session, remote);
    return (await mergeFetched(session.repository)).isNew;
  } catch (error) {
    context.warn(`the records of runs were not fetched: ${error instanceof Error ? error.message : error}`);
    return false;
  }
}

function isShared({ git }: Session, remote: string): boolean {
  // A mirror takes every ref as it is.
  return git.flag("mlgit.shareruns") !== false && git.bool(`remote.${remote}.mirror`) !== true;
}

/** A URL has no name to keep its records under. */
function trackingRef({ git }: Session, remote: string): string {
  if (git.names("remote", "url").includes(remote)) return fetchedRef(remote);
  return fetchedRef(`url-${createHash("sha256").update(remote).digest("hex").slice(0, 16)}`);
}

/** From now on plain `git fetch` and `git pull` bring the records too. */
async function followRuns({ git, repository }: Session, remote: string): Promise<void> {
  if (!git.names("remote", "url").includes(remote)) return;
  const refspec = refspecTo(fetchedRef(remote));
  if (git.all(`remote.${remote}.fetch`).includes(refspec)) return;
  await addConfig({ scope: "local", cwd: cwdOf(repository) }, `remote.${remote}.fetch`, refspec);
}

/** As a pattern, since a remote without records is no error then. */
function refspecTo(ref: string): string {
  return `+${runsRef}*:${ref}*`;
}

async function pushTip(repository: Repository, remote: string, tip: string): Promise<boolean> {
  const quiet = ["-c", "push.followTags=false", "push", "--quiet", "--no-verify", "--signed=false"];
  const args = [...quiet, "--recurse-submodules=no", "--", remote, `${tip}:${runsRef}`];
  return (await gitIn(repository, args, { okCodes: [0, 1] })).code === 0;
}

async function fetchTo(repository: Repository, remote: string, ref: string): Promise<void> {
  const options = [
    "--quiet",
    "--no-tags",
    "--no-write-fetch-head",
    "--recurse-submodules=no",
    "--no-filter",
    "--refmap=",
  ];
  await gitIn(repository, ["fetch", ...options, "--", remote, refspecTo(ref)]);
}

function revision(repository: Repository, ref: string): Promise<string | undefined> {
  return gitText(["rev-parse", "-q", "--verify", ref], { cwd: cwdOf(repository) });
}
