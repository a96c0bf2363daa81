import type { Backend } from "../../backend/backend.ts";

/** A note that nothing needed a pack at a certain time: `gc/tombstones/<pack>.<ms since 1970, base 36>`. */
export interface Tombstone {
  readonly pack: string;
  /** Milliseconds since 1970, by the clock of whoever collected. */
  readonly since: number;
  readonly name: string;
}

const pattern = /^tombstones\/([0-9a-f]{64})\.([0-9a-z]{1,11})$/;

/** Every tombstone, in one listing. A pack may have several. */
export async function listTombstones(backend: Backend, signal?: AbortSignal): Promise<Tombstone[]> {
  const found: Tombstone[] = [];
  for await (const { handle } of backend.list("gc", signal)) {
    const [, pack, since] = pattern.exec(handle.name) ?? [];
    if (pack !== undefined && since !== undefined)
      found.push({ pack, since: Number.parseInt(since, 36), name: handle.name });
  }
  return found;
}

export async function putTombstone(backend: Backend, pack: string): Promise<Tombstone> {
  const since = Date.now();
  const name = `tombstones/${pack}.${since.toString(36)}`;
  await backend.save({ type: "gc", name }, Buffer.from(`${new Date(since).toISOString()}\n`));
  return { pack, since, name };
}

/** Does some work while no writer relies on these packs. A mark that stays, since this was killed, is taken away by a collection that finds the pack needed. */
export async function whileMarked(
  packs: Iterable<string>,
  { backend }: { readonly backend: Backend },
  work: () => Promise<unknown>,
): Promise<void> {
  const stones: Tombstone[] = [];
  try {
    for (const pack of packs) stones.push(await putTombstone(backend, pack));
    await work();
  } finally {
    for (const stone of stones) await removeTombstone(backend, stone).catch(() => undefined);
  }
}

export async function removeTombstone(backend: Backend, tombstone: Tombstone): Promise<void> {
  await backend.remove({ type: "gc", name: tombstone.name });
}
