/* docs/format/remote.md, "gc" */
import type { FileInfo } from "../backend/backend.ts";
import { assertClock } from "../backend/store-clock.ts";
import { MlgitError } from "../error/mlgit-error.ts";
import { packInMirror } from "../git/mirror-pack.ts";
import { PackSaver, type StoredPack } from "./pack-objects.ts";
import type { RemoteRepository } from "./remote-repository.ts";
import { nextRoot, type Root } from "./root.ts";
import { generationOf, type Snapshot } from "./root-place.ts";
import { newTransaction, swapRoot } from "./swap-root.ts";

export interface CollectReport {
  readonly packsBefore: number;
  readonly bytesBefore: number;
  readonly packs: number;
  readonly bytes: number;
  /** Objects of the store that were removed, and their bytes. */
  readonly removed: number;
  readonly removedBytes: number;
}

const keptRoots = 16;
const dayMs = 24 * 3600 * 1000;
const triesAtMost = 5;

/**
 * Makes one pack of everything that the refs reach, and removes what no root of the grace period (milliseconds) lists.
 * @throws MlgitError kind `conflict` when somebody pushes again and again, `refused` when the clock is wrong, or the backend's.
 */
export async function collect(remote: RemoteRepository, graceMs: number): Promise<CollectReport> {
  const before = await remote.readExisting();
  await assertClock(remote.backend, graceMs);
  await repack(remote, graceMs);
  const now = await remote.readExisting();
  const removed = await sweep(remote, now, graceMs);
  return {
    packsBefore: before.root.packs.length,
    bytesBefore: bytesOf(before.root),
    packs: now.root.packs.length,
    bytes: bytesOf(now.root),
    removed: removed.length,
    removedBytes: removed.reduce((sum, { size }) => sum + size, 0),
  };
}

export function bytesOf(root: Pick<Root, "packs">): number {
  return root.packs.reduce((sum, { size }) => sum + size, 0);
}

async function repack(remote: RemoteRepository, graceMs: number): Promise<void> {
  for (let tries = 0; tries < triesAtMost; tries++) {
    const snapshot = await remote.readExisting();
    const mirror = await remote.syncedMirror(snapshot);
    const stored = await saveAll(remote, mirror.path, [...new Set(snapshot.root.refs.values())]);
    if (await replaceAll(remote, snapshot, { stored, graceMs })) return;
  }
  throw new MlgitError("conflict", "somebody pushed while the packs were made, again and again", {
    hint: "run it again when fewer people push; nothing was changed",
  });
}

/** A pack of everything that the ids reach. */
async function saveAll(
  remote: RemoteRepository,
  mirror: string,
  tips: readonly string[],
): Promise<StoredPack | undefined> {
  const git = packInMirror(mirror, tips);
  try {
    const saver = new PackSaver(remote.backend, remote.signal);
    for await (const bytes of git.stdout) await saver.write(bytes as Buffer);
    await git.done;
    return await saver.finish();
  } finally {
    git.stop();
  }
}

/** False when the root is not the one the pack was made of: a later push may build on objects that were left out. */
async function replaceAll(
  remote: RemoteRepository,
  first: Snapshot,
  { stored, graceMs }: { readonly stored: StoredPack | undefined; readonly graceMs: number },
): Promise<boolean> {
  const transaction = newTransaction();
  // One clock for both, or what is replaced now would outlive a grace period of zero.
  const now = Date.now();
  const at = new Date(now).toISOString();
  const since = new Date(now - graceMs).toISOString();
  return swapRoot({ place: remote.place, transaction, first }, async (root) => {
    if (root.generation !== first.root.generation) return undefined;
    const packs = stored ? [{ from: 1, to: root.generation, ...stored }] : [];
    const by = stored?.pieces[0];
    const old = by ? [{ by, at, packs: root.packs }] : [];
    const retired = [...root.retired, ...old].filter(({ at }) => at > since);
    return nextRoot(root, transaction, { packs, retired, epoch: root.epoch + 1 });
  });
}

async function sweep(remote: RemoteRepository, { root }: Snapshot, graceMs: number): Promise<FileInfo[]> {
  const listed = new Set(
    [...root.packs, ...root.retired.flatMap(({ packs }) => packs)].flatMap(({ pieces }) => pieces),
  );
  const old = Date.now() - graceMs;
  const oldRoot = Date.now() - Math.max(graceMs, dayMs);
  const garbage: FileInfo[] = [];
  for await (const info of remote.backend.list("git")) {
    const { name } = info.handle;
    const generation = generationOf(name);
    // 0: the server does not say how old it is.
    if (info.modified === 0) continue;
    if (generation !== undefined) {
      if (generation <= root.generation - keptRoots && info.modified < oldRoot) garbage.push(info);
    } else if (name.startsWith("packs/") && !listed.has(name.slice("packs/".length)) && info.modified < old)
      garbage.push(info);
  }
  if (garbage.length === 0) return [];
  // Once more, as late as possible: nobody lists a piece again that no root listed, but a root may have been put back.
  const last = await remote.readExisting();
  const used = new Set(last.root.packs.flatMap(({ pieces }) => pieces.map((piece) => `packs/${piece}`)));
  const gone = garbage.filter(({ handle }) => !used.has(handle.name));
  for (const { handle } of gone) await remote.backend.remove(handle);
  return gone;
}
