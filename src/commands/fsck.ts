import { isMlgitError } from "../error/mlgit-error.ts";
import type { CacheReport } from "../store/local/check-cache.ts";
import { setAsideVersion } from "../store/local/misplaced.ts";
import type { RemoteStore } from "../store/remote/remote-store.ts";
import { type IndexReport, verifyIndex } from "../store/remote/verify-index.ts";
import type { WantedContent } from "../transfer/push-content.ts";
import { findWrongSizes } from "../transfer/wrong-sizes.ts";
import type { Command, Context } from "./command.ts";
import { describeFsck, exitCodeOf, type FsckReport } from "./fsck-report.ts";
import { checkNoStore, checkStore, type StoreCheck, type StoreFindings } from "./fsck-store.ts";
import { knownNeeds } from "./needed-contents.ts";
import { restoreFromStore, restoreFromWorktrees } from "./restore-cache.ts";
import { Session } from "./session.ts";
import { inOtherStores } from "./store-routes.ts";

/** Reads and hashes everything again, and says of everything that git needs whether it is to be had. */
export const command = {
  options: [
    { flags: "--fix", description: "move damaged copies aside and restore them from packs, worktrees or the store" },
    {
      flags: "--store",
      description: "also compare the store's index with its packs; with --fix upload again what is here",
    },
    { flags: "--paranoid", description: "with --store: read and hash every pack" },
    { flags: "--remote <name>", description: "whose store is asked; default: the current branch's remote" },
  ],
  async run(context, _args, options) {
    const session = await Session.open(context);
    try {
      const check = new Fsck(session, context, options.remote as string | undefined);
      const how = { fix: options.fix === true, store: options.store === true, paranoid: options.paranoid === true };
      const report = await check.run(how);
      return { text: describeFsck(report), data: report, exitCode: exitCodeOf(report) };
    } finally {
      await session.close();
    }
  },
} satisfies Command;

interface FsckOptions {
  readonly fix: boolean;
  readonly store: boolean;
  readonly paranoid: boolean;
}

interface OpenedStore {
  readonly store?: RemoteStore;
  readonly index?: IndexReport | undefined;
  readonly problem?: string;
}

class Fsck {
  readonly #session: Session;
  readonly #context: Context;
  readonly #remote: string | undefined;

  constructor(session: Session, context: Context, remote: string | undefined) {
    this.#session = session;
    this.#context = context;
    this.#remote = remote;
  }

  async run({ fix, store: wholeStore, paranoid }: FsckOptions): Promise<FsckReport> {
    const found = await this.#readCache(fix);
    const { needed, lacking: unknownObjects } = await knownNeeds(this.#session.repository);
    const cache = await this.#session.cache();
    const corrupt = new Set(found.corrupt);
    const absent = [...needed.values()].filter((one) => !cache.has(one.oid) || corrupt.has(one.oid));
    const asked = { whole: wholeStore, fix };
    const { store, index, problem } = await this.#openStore(absent.length > 0 || (fix && corrupt.size > 0), asked);
    const remote = this.#remote;
    const notThere = problem ? [] : absent.filter((one) => !store?.has(one.oid));
    const oids = notThere.map((one) => one.oid);
    const elsewhere = await inOtherStores(oids, this.#session, { remote, signal: this.#context.signal });
    const lacking = notThere.filter((one) => !elsewhere.has(one.oid));
    const repaired = fix ? await this.#repair({ corrupt, lacking, store }) : new Map<string, "worktree" | "store">();
    const check = { needed, paranoid, fix, remote, index };
    const findings = wholeStore && !problem ? await this.#checkStore(store, check) : undefined;
    await store?.close();
    const name = (oid: string) => ({ oid, path: needed.get(oid)?.path });
    return {
      fix,
      cache: found,
      needed: needed.size,
      unknownObjects,
      corrupt: [...corrupt].map(name),
      missing: lacking.filter((one) => !repaired.has(one.oid)),
      repaired: [...repaired].map(([oid, from]) => ({ ...name(oid), from })),
      wrongSizes: findWrongSizes(needed, (oid) => cache.size(oid) ?? store?.index.findFile(oid)?.size),
      unknown: problem ? absent.filter((one) => !repaired.has(one.oid)).map((one) => ({ ...one })) : [],
      ...(findings ? { store: findings } : {}),
      ...(index ? { storeIndex: index } : {}),
      ...(problem ? { storeProblem: problem } : {}),
    };
  }

  #checkStore(store: RemoteStore | undefined, check: Omit<StoreCheck, "store">): Promise<StoreFindings | undefined> {
    if (!store) return checkNoStore(this.#session, this.#context, check);
    return checkStore(this.#session, this.#context, { ...check, store });
  }

  async #readCache(fix: boolean): Promise<CacheReport> {
    const progress = this.#context.progress("Checking");
    try {
      // Without one that is right the cache does not open.
      const versions = fix && setAsideVersion(this.#session.cacheFolder) ? ["version"] : [];
      const cache = await this.#session.cache();
      const found = cache.check({ fix, meter: progress, signal: this.#context.signal });
      return { ...found, misplaced: [...versions, ...found.misplaced] };
    } finally {
      progress.done();
    }
  }

  /** No store at all is a store that has nothing, unless it was `asked` for or a remote was named; one that cannot be asked is something else. */
  async #openStore(wanted: boolean, { whole, fix }: { whole: boolean; fix: boolean }): Promise<OpenedStore> {
    if (!wanted && !whole) return {};
    let index: IndexReport | undefined;
    try {
      const { signal } = this.#context;
      const store = await this.#findStore();
      if (whole) index = await verifyIndex(store, { fix, signal });
      await store.sync(signal);
      return { store, index };
    } catch (error) {
      if (!isMlgitError(error) || error.kind === "interrupted" || error.kind === "disk") throw error;
      if (error.kind === "setup" && (whole || this.#remote !== undefined)) throw error;
      if (error.kind === "setup" || error.kind === "missing") return {};
      return { index, problem: error.hint === undefined ? error.message : `${error.message}; ${error.hint}` };
    }
  }

  /** A repository that others push to has their data in a store of its own, and mostly no remote. */
  async #findStore(): Promise<RemoteStore> {
    try {
      return await this.#session.openStore(this.#remote);
    } catch (error) {
      const isNone = isMlgitError(error) && ["setup", "missing"].includes(error.kind);
      const own = isNone && this.#remote === undefined ? await this.#session.findOwnStore() : undefined;
      if (own) return own;
      throw error;
    }
  }

  /** A worktree costs no traffic, so it is asked first. */
  async #repair(of: {
    corrupt: ReadonlySet<string>;
    lacking: readonly WantedContent[];
    store: RemoteStore | undefined;
  }): Promise<Map<string, "worktree" | "store">> {
    const wanted = new Set([...of.corrupt, ...of.lacking.map((one) => one.oid)]);
    const local = await restoreFromWorktrees(wanted, this.#session);
    for (const oid of local) wanted.delete(oid);
    const fetched = of.store
      ? await restoreFromStore(wanted, of.store, this.#session, this.#context)
      : new Set<string>();
    return new Map([
      ...[...local].map((oid) => [oid, "worktree"] as const),
      ...[...fetched].map((oid) => [oid, "store"] as const),
    ]);
  }
}
