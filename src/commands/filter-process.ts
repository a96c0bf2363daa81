import { lstatSync } from "node:fs";
import { exitCode } from "../error/exit-code.ts";
import { MlgitError } from "../error/mlgit-error.ts";
import { serveFilter } from "../filter/serve.ts";
import type { Odd } from "../filter/smudge.ts";
import { FilterScanner } from "../git/filter-scanner.ts";
import { quotePath } from "../git/quote-path.ts";
import { DeferredJournal } from "../hydrate/deferred.ts";
import type { Cache } from "../store/local/cache.ts";
import { DirectIngest } from "../store/local/direct-ingest.ts";
import { worthDirect } from "../store/local/direct-take.ts";
import { counted } from "../util/counted.ts";
import { releaseOptimizer } from "../util/optimizer.ts";
import type { Command, Context } from "./command.ts";
import { drainDeferred } from "./drain-deferred.ts";
import { ensureHooks } from "./ensure-hooks.ts";
import { CompareRequests } from "./for-compare.ts";
import { RebaseCommands } from "./for-rebase.ts";
import { TextconvRequests } from "./for-textconv.ts";
import { Meanwhile } from "./meanwhile.ts";
import { PathWishes } from "./path-wishes.ts";
import { StreamedFiles } from "./protect-streamed.ts";
import { fetchOrExplain } from "./restore-content.ts";
import { Session } from "./session.ts";

/**
 * git's long-running filter. Answers clean and smudge requests until git hangs up; then what was put into the cache is made durable,
 * and deferred paths are hydrated before git gives the prompt back.
 */
export const command: Command = {
  raw: true,
  async run(context) {
    // The index that is written on the way is ours to drain for: its hook need not start another process.
    process.env.MLGIT_HOOK ??= "filter-process";
    const session = await Session.open(context);
    const tally = new OddTally();
    const failures: string[] = [];
    const streamed = new StreamedFiles();
    const hooks = once(() => ensureHooks(session, context));
    let blobs: ReadonlyMap<string, string>;
    try {
      blobs = await serve(session, context, { tally, failures, streamed, hooks });
    } finally {
      await session.close();
    }
    tally.report(context);
    await hooks();
    if (session.repository.workTree !== undefined) {
      const { gitDir } = session.repository;
      if (!new DeferredJournal(gitDir).isInOtherHands()) await drainDeferred(session, context, blobs);
      await streamed.protect(session);
    }
    return { exitCode: failures.length > 0 ? exitCode.incomplete : exitCode.ok };
  },
};

/** Returns git's ids of pointers that were deferred, by what they point to. */
async function serve(
  session: Session,
  context: Context,
  notes: { tally: OddTally; failures: string[]; streamed: StreamedFiles; hooks: () => Promise<void> },
): Promise<ReadonlyMap<string, string>> {
  const cache = await session.cacheToRead();
  let ready = false;
  const wishes = await PathWishes.of(session.settings);
  const described = new TextconvRequests(session);
  const compared = new CompareRequests(cache.layout);
  const commands = new RebaseCommands(session.repository.gitDir);
  const failed = (path: Buffer, error: unknown) => {
    notes.failures.push(quotePath(path));
    const reason = error instanceof Error ? error.message : String(error);
    context.warn(`${quotePath(path)}: ${reason}`);
    if (error instanceof MlgitError && error.hint) context.warn(`hint: ${error.hint}`);
  };
  const meanwhile = new Meanwhile({ repository: session.repository, cache, hooks: notes.hooks, failed });
  await serveFilter(new FilterScanner(0, 1), {
    compare: (content) => compared.answer(content),
    ingest: () => {
      if (ready) return cache.ingest();
      releaseOptimizer();
      return cache.readyToIngest().then(() => {
        ready = true;
        return cache.ingest();
      });
    },
    ingestLarge: (path) => largeIngest(session, cache, path),
    get: (oid) => cache.get(oid),
    peek: (oid) => cache.peek(oid),
    fetch: async (pointer) => {
      const error = (await fetchOrExplain([pointer], session, context)).get(pointer.oid);
      if (error) throw error;
    },
    defer: (path, pointer, blob) => meanwhile.defer({ path, ...pointer }, blob),
    isReadBefore: () => commands.areToCome(),
    answered: () => meanwhile.prepare(),
    streamed: (path, pointer) => notes.streamed.note(path, pointer),
    wants: (path) => wishes.wants(path),
    isForTextconv: (request) => described.has(request),
    odd: (path, what) => notes.tally.note(path, what),
    failed,
  });
  return meanwhile.blobs;
}

/** git does not say how much comes, and the file of that path only hints at it. */
function largeIngest({ repository }: Session, cache: Cache, path: Buffer): DirectIngest | undefined {
  if (repository.workTree === undefined) return undefined;
  const size = likelySize(Buffer.concat([Buffer.from(`${repository.workTree}/`), path]));
  return size < worthDirect ? undefined : DirectIngest.open(cache, size, () => cache.ingest());
}

function likelySize(file: Buffer): number {
  try {
    return lstatSync(file, { throwIfNoEntry: false })?.size ?? 0;
  } catch {
    return 0;
  }
}

function once<T>(work: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: work() };
    return made.value;
  };
}

/** Counts what lies under tracked paths and is no pointer of ours, and says so once. */
class OddTally {
  readonly #paths: Readonly<Record<Odd, string[]>> = { "not-a-pointer": [], "unknown-version": [], "git-lfs": [] };

  note(path: Buffer, what: Odd): void {
    this.#paths[what].push(quotePath(path));
  }

  report(context: Context): void {
    const { "not-a-pointer": raw, "unknown-version": unknown, "git-lfs": lfs } = this.#paths;
    if (raw.length > 0)
      context.warn(
        `${counted(raw.length, "tracked file is stored in git itself and not as a pointer", "tracked files are stored in git itself and not as pointers")}: ${some(raw)}\n` +
          "hint: git add --renormalize . && git commit",
      );
    if (lfs.length > 0)
      context.warn(
        `${counted(lfs.length, "tracked file is a pointer of git-lfs, and its data is not here", "tracked files are pointers of git-lfs, and their data is not here")}: ${some(lfs)}\n` +
          "hint: git mlgit migrate git-lfs, where git-lfs or its server has the data",
      );
    if (unknown.length > 0)
      context.warn(
        `${counted(unknown.length, "pointer is", "pointers are")} of a version this mlgit does not know: ${some(unknown)}\nhint: install the newest mlgit`,
      );
  }
}

function some(paths: readonly string[]): string {
  return paths.length > 5 ? `${paths.slice(0, 5).join(", ")}, …` : paths.join(", ");
}
