import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { onDisk } from "../../error/disk-error.ts";
import { HistoryRewrite } from "../../git/history-rewrite.ts";
import { listRefs, type RefTip } from "../../git/ref-update.ts";
import type { Repository } from "../../git/repository.ts";
import { gitText } from "../../git/run.ts";
import { headBranch } from "../../git/work-state.ts";
import { formatPointer } from "../../pointer/pointer.ts";
import { counted } from "../../util/counted.ts";
import { makeFolder, writeDurable } from "../../util/durable.ts";
import type { Context } from "../command.ts";
import type { Session } from "../session.ts";
import { bringLfsContents, foretellLfs, type LfsSources } from "./lfs-contents.ts";
import { type LfsHistory, readHistory } from "./lfs-history-scan.ts";
import { type LfsOptions, lockNotes } from "./lfs-tree.ts";
import { migrateFolder, publish } from "./publish.ts";
import type { MigrationReport } from "./report.ts";
import { moveRefs, originalPrefix, refsToRewrite } from "./rewrite-refs.ts";

export interface LfsHistoryOptions extends LfsOptions {
  /** Branches and tags; none: all of them. */
  readonly refs: readonly string[];
  /** A file that gets a line `<old commit> <new commit>` each. */
  readonly objectMap: string | undefined;
}

/** Every commit of some refs anew, as if mlgit had been used from the start. */
export async function migrateLfsHistory(
  options: LfsHistoryOptions,
  session: Session,
  context: Context,
): Promise<MigrationReport> {
  const repository = session.workTree;
  const refs = await refsToRewrite(repository, options.refs);
  const found = await readHistory(
    repository,
    refs.map(({ oid }) => oid),
  );
  const sources: LfsSources = {
    worktree: new Map(),
    remote: options.remote,
    refs: refs.map(({ ref }) => ref),
    history: true,
  };
  const brought = options.dryRun
    ? await foretellLfs(found.contents, sources, session, context)
    : await bringLfsContents(found.contents, sources, session, context);
  const complete = brought.missing.length === 0 || options.allowMissing;
  const base: MigrationReport = {
    source: "git-lfs",
    dryRun: options.dryRun,
    files: found.files,
    contents: brought.contents,
    complete,
    missing: brought.missing,
    problems: found.problems,
    notes: lockNotes(found.lockable),
    commit: null,
    commits: 0,
    details: { mode: "history", refs: refs.map(({ ref }) => ref), history: found.commits.length },
  };
  if (options.dryRun || !complete) return base;
  return { ...base, ...(await rewrite({ refs, found, lost: brought.lost }, options, session, context)) };
}

interface Rewriting {
  readonly refs: readonly RefTip[];
  readonly found: LfsHistory;
  readonly lost: ReadonlySet<string>;
}

async function rewrite(
  { refs, found, lost }: Rewriting,
  options: LfsHistoryOptions,
  session: Session,
  context: Context,
): Promise<Partial<MigrationReport>> {
  const repository = session.workTree;
  const progress = context.progress("Rewriting");
  progress.total(found.commits.length, 0);
  const rewriting = new HistoryRewrite(repository, (path, blob) => newBytes({ path, blob }, found, lost));
  const done = await rewriting
    .run(found.commits, context.signal, (count) => progress.advance(count, 0))
    .finally(() => progress.done());
  const { updates, moved, unsigned } = await moveRefs(repository, refs, done.commits);
  if (updates.length === 0) return { notes: ["nothing here is git-lfs's"] };
  const map = noteCommits(repository, done.commits);
  if (options.objectMap !== undefined) writeDurable(join(context.cwd, options.objectMap), mapText(done.commits));
  const branch = await headBranch(repository);
  const tip = refs.find(({ ref }) => ref === branch)?.oid ?? (await text(repository, "HEAD"));
  const head = done.commits.get(tip) ?? tip;
  const [from, to] = [await text(repository, `${tip}^{tree}`), await text(repository, `${head}^{tree}`)];
  const left = await publish({ updates, from, to, head, message: "migrate git-lfs" }, session, context);
  const changed = left.map((path) => ({ path, reason: "was changed meanwhile and left as it is" }));
  return {
    commit: head,
    commits: done.commits.size,
    problems: [...found.problems, ...changed],
    notes: [
      ...lockNotes(found.lockable),
      ...(await afterwards(repository, { map, unsigned: unsigned + done.unsigned })),
    ],
    details: { mode: "history", refs: moved, history: found.commits.length, map, unsigned: unsigned + done.unsigned },
  };
}

function newBytes(
  { path, blob }: { readonly path: string; readonly blob: string },
  { attributes, pointers, tracked }: LfsHistory,
  lost: ReadonlySet<string>,
): Buffer | undefined {
  if (path === ".gitattributes" || path.endsWith("/.gitattributes")) {
    const converted = attributes.get(blob);
    return converted === undefined ? undefined : Buffer.from(converted, "latin1");
  }
  const pointer = pointers.get(blob);
  if (!pointer || !tracked.has(path) || pointer.extensions.length > 0 || lost.has(pointer.oid)) return undefined;
  return pointer.size === 0 ? Buffer.alloc(0) : formatPointer(pointer);
}

/** Which commit became which: a file that later runs add to. */
function noteCommits(repository: Repository, commits: ReadonlyMap<string, string>): string {
  const file = join(migrateFolder(repository), "commit-map");
  onDisk("write", file, () => {
    makeFolder(migrateFolder(repository));
    appendFileSync(file, mapText(commits));
  });
  return file;
}

function mapText(commits: ReadonlyMap<string, string>): string {
  return [...commits].map(([old, next]) => `${old} ${next}\n`).join("");
}

async function afterwards(
  repository: Repository,
  { map, unsigned }: { readonly map: string; readonly unsigned: number },
): Promise<string[]> {
  const others = (await listRefs(repository, ["refs/stash", "refs/notes"])).map(({ ref }) => ref);
  return [
    `which commit became which: ${map}; the old commits are kept under ${originalPrefix}`,
    ...(unsigned > 0
      ? [
          counted(
            unsigned,
            "signature of a commit or tag was left out: it would be wrong",
            "signatures of commits and tags were left out: they would be wrong",
          ),
        ]
      : []),
    ...(others.length > 0 ? [`not rewritten: ${others.join(", ")}`] : []),
    "to publish: git push --force origin for each of the refs; whoever has a clone must clone again",
  ];
}

async function text(repository: Repository & { readonly workTree: string }, name: string): Promise<string> {
  return (await gitText(["rev-parse", "--verify", name], { cwd: repository.workTree })) ?? "";
}
