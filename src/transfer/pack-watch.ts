import { MlgitError } from "../error/mlgit-error.ts";
import { listPacks } from "../store/remote/confirm-files.ts";
import type { PackInfo } from "../store/remote/index-copy.ts";
import type { RemoteStore } from "../store/remote/remote-store.ts";
import { counted } from "../util/counted.ts";
import type { ContentList } from "./content-map.ts";

/** Grace periods are longer. By the clock on the wall: others stand still while a machine sleeps. */
const trustedMs = 600_000;
/** Contents that are looked up in the index together. */
const askedAtOnce = 65_536;

export interface Watched {
  readonly store: RemoteStore;
  /** What is sent. All others of the push the store had when it began. */
  readonly absent: ContentList;
  /** Packs that what is sent leads to, by id. */
  readonly known: ReadonlyMap<string, PackInfo>;
  readonly signal: AbortSignal | undefined;
}

/**
 * A collection waits for longer than any push takes, and a machine that is asleep, or a process that is stopped, takes as long as it likes: what is not named yet, or
 * not needed, is gone then. So a push that lasts looks at its packs before others rely on them.
 */
export class PackWatch {
  #lookedAt = Date.now();

  /** @throws MlgitError kind `conflict` when a pack is gone. */
  async look(watched: Watched): Promise<void> {
    const now = Date.now();
    if (Math.abs(now - this.#lookedAt) < trustedMs) return;
    const gone = await goneOf(watched);
    if (gone.size > 0) throw collected(gone.size, watched.store);
    this.#lookedAt = now;
  }
}

async function goneOf({ store, absent, known, signal }: Watched): Promise<ReadonlySet<string>> {
  const listed = await listPacks(store, signal);
  const gone = new Set<string>();
  const check = async ({ id, size }: PackInfo) => {
    // A listing may be behind.
    if (listed.get(id) !== size && (await store.packSize(id, signal)) !== size) gone.add(id);
  };
  for (const pack of known.values()) await check(pack);
  for (const list of absent.others().lists(askedAtOnce)) {
    const oids = list.map(({ oid }) => oid);
    const rows = [...(await store.index.findFiles(oids, signal)).values()];
    const located = await store.locate(rows, signal);
    for (const { oid, pack } of rows) {
      const terms = located.get(oid);
      for (const one of [pack, ...(Array.isArray(terms) ? terms.map((term) => term.pack) : [])]) await check(one);
    }
  }
  return gone;
}

function collected(count: number, { backend }: RemoteStore): MlgitError {
  return new MlgitError(
    "conflict",
    `${counted(count, "pack")} that this push needs went from ${backend.location} while it lasted: a collection (git mlgit gc) took what nothing needed yet`,
    { hint: "run the same command again: it sends what is gone; --grace of gc has to be longer than any push takes" },
  );
}
