import { MlgitError } from "../error/mlgit-error.ts";
import { openCatFile } from "../git/cat-file.ts";
import { fetchPromised } from "../git/promised-objects.ts";
import { cwdOf, gitIn, type Repository } from "../git/repository.ts";
import { gitText } from "../git/run.ts";
import { isAncestor } from "../git/tags.ts";
import { uniqueName } from "../util/durable.ts";
import { blobName } from "./run-record.ts";
import { runsRef, runsTip } from "./run-store.ts";

/** Where the records of remotes are when they were fetched: `refs/mlgit/remotes/<remote>/runs`. */
export const fetchedPrefix = "refs/mlgit/remotes/";

/** The ref that a remote's records are fetched to. */
export function fetchedRef(remote: string): string {
  return `${fetchedPrefix}${remote}/runs`;
}

const mostTries = 50;

/**
 * Takes what was fetched of other clones into {@link runsRef}. Records are named by their content, so the union of two sets of them is all there
 * is to merging: nothing conflicts and nothing is lost, in whatever order it is done. Returns whether anything was new, and the commit that
 * {@link runsRef} was at before.
 * @throws MlgitError kind `conflict` when others change the ref all the time.
 */
export async function mergeFetched(
  repository: Repository,
): Promise<{ readonly isNew: boolean; readonly before: string | undefined }> {
  const { stdout } = await gitIn(repository, [
    "for-each-ref",
    "--format=%(objectname) %(refname)",
    fetchedPrefix,
    runsRef,
  ]);
  const refs = stdout
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split(" ", 2));
  const own = refs.find(([, name]) => name === runsRef)?.[0];
  const theirs = refs.filter(([oid, name]) => name !== runsRef && name?.endsWith("/runs") && oid !== own);
  let isNew = false;
  for (const [oid = ""] of theirs) isNew = (await mergeRuns(repository, oid)) || isNew;
  return { isNew, before: own };
}

/** Takes the records of one commit. */
export async function mergeRuns(repository: Repository, theirs: string): Promise<boolean> {
  for (let tries = 0; tries < mostTries; tries++) {
    const ours = await runsTip(repository);
    if (ours !== undefined && (await isAncestor(repository, theirs, ours))) return false;
    const isOlder = ours === undefined || (await onlyAdds(repository, ours, theirs));
    const merged = isOlder ? theirs : await unionCommit(repository, ours, theirs);
    const zero = "0".repeat(theirs.length);
    const { code } = await gitIn(repository, ["update-ref", runsRef, merged, ours ?? zero], { okCodes: [0, 1, 128] });
    if (code === 0) return true;
  }
  throw new MlgitError("conflict", `${runsRef} is being changed all the time`, { hint: "run the same command again" });
}

/** Whether a commit comes after another one and has all that this has: a remote may say that records are gone, or put something else in their place. */
async function onlyAdds(repository: Repository, ours: string, theirs: string): Promise<boolean> {
  if (!(await isAncestor(repository, ours, theirs))) return false;
  const args = ["diff-tree", "-r", "-z", "--no-renames", "--diff-filter=a", "--end-of-options", ours, theirs];
  return (await gitIn(repository, args)).stdout.length === 0;
}

/**
 * A commit with the files of both, which no ref names: the caller moves one. Source of the input format: git-fast-import(1); a branch that is reset to
 * nothing in the end was never there.
 */
async function unionCommit(repository: Repository, ours: string, theirs: string): Promise<string> {
  const changes = await changesBetween(repository, ours, theirs);
  // git would ask for them one by one.
  await fetchPromised(
    repository,
    changes.map((one) => one.theirs),
  );
  const taken = [
    ...changes.filter(({ status }) => status === "A"),
    ...(await onlyTheirsRight(
      repository,
      changes.filter(({ status }) => status === "M"),
    )),
  ];
  const ident =
    (await gitText(["var", "GIT_COMMITTER_IDENT"], { cwd: cwdOf(repository) })) ??
    `mlgit <> ${Math.floor(Date.now() / 1000)} +0000`;
  const temp = `refs/mlgit/merging/${uniqueName()}`;
  const message = "mlgit: runs of another clone\n";
  const input = [
    `commit ${temp}\nmark :1\ncommitter ${ident}\ndata ${message.length}\n${message}from ${ours}\nmerge ${theirs}\n`,
    ...taken.map((one) => `M 100644 ${one.theirs} ${one.path}\n`),
    `get-mark :1\nreset ${temp}\nfrom ${"0".repeat(ours.length)}\n\ndone\n`,
  ];
  const { stdout } = await gitIn(repository, ["fast-import", "--quiet", "--done"], { input: input.join("") });
  return stdout.toString("latin1").trim();
}

interface Change {
  readonly status: string;
  readonly path: string;
  /** Blobs. */
  readonly ours: string;
  readonly theirs: string;
}

/** What another commit has that ours has not, or has otherwise, of what can be a record or a shared blob. */
async function changesBetween(repository: Repository, ours: string, theirs: string): Promise<Change[]> {
  const args = ["diff-tree", "-r", "-z", "--no-renames", "--diff-filter=AM", "--end-of-options", ours, theirs];
  const words = (await gitIn(repository, args)).stdout.toString("latin1").split("\0");
  return Array.from({ length: words.length >> 1 }, (_, i) => {
    const [, mode = "", before = "", after = "", status = ""] = (words[2 * i] ?? "").split(" ");
    return { status, mode, path: words[2 * i + 1] ?? "", ours: before, theirs: after };
  }).filter(({ mode, path }) => mode === "100644" && isRecordPath(path));
}

/** Those of which they have what the name says, and we something else. */
async function onlyTheirsRight(repository: Repository, changes: readonly Change[]): Promise<Change[]> {
  if (changes.length === 0) return [];
  const cat = await openCatFile(repository);
  try {
    const contents = await cat.contents(changes.flatMap(({ ours, theirs }) => [ours, theirs]));
    const isRight = changes.map(({ path }, i) => {
      const name = path.replace(/^blobs\/|\/|\.json$/g, "");
      return [2 * i, 2 * i + 1].map((at) => blobName(contents[at]?.bytes ?? Buffer.alloc(0)) === `sha256:${name}`);
    });
    return changes.filter((_, i) => isRight[i]?.[1] === true && isRight[i]?.[0] !== true);
  } finally {
    cat.close();
  }
}

/** A hostile remote's tree may hold anything; only what can be a record or a shared blob is taken. */
function isRecordPath(path: string): boolean {
  return /^(?:[0-9a-f]{2}\/[0-9a-f]{62}\.json|blobs\/[0-9a-f]{2}\/[0-9a-f]{62})$/.test(path);
}
