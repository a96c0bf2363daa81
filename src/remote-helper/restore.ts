import { existsSync } from "node:fs";
import { join } from "node:path";
import { isMlgitError, MlgitError } from "../error/mlgit-error.ts";
import { completeTips, packAnywhere, peelTags } from "../git/mirror-pack.ts";
import type { Repository } from "../git/repository.ts";
import type { Mirror } from "./mirror.ts";
import { PackSaver } from "./pack-objects.ts";
import type { RemoteRepository } from "./remote-repository.ts";
import { emptyRoot, nextRoot, type Root } from "./root.ts";
import { newTransaction, swapRoot } from "./swap-root.ts";

export interface RestoreSource {
  readonly repository: Repository;
  /** Refs that the remote had, as this clone knows them; used when the root is lost. */
  readonly knownRefs: ReadonlyMap<string, string>;
}

export interface RestoreReport {
  readonly refs: number;
  /** Refs of a root that could be read, whose history is not here. They stay as they are in the root. */
  readonly lost: readonly string[];
}

/**
 * Brings back what a damaged repository in a store has lost, from a clone and from the local mirror. With a readable root all of its refs have to be here;
 * without one, the refs that the clone knows are taken.
 * @throws MlgitError kind `missing` with the refs that are not here; nothing was changed then.
 */
export async function restore(
  remote: RemoteRepository,
  root: Root | undefined,
  { repository, knownRefs }: RestoreSource,
): Promise<RestoreReport> {
  const mirror = await soundMirror(remote);
  const refs = root?.refs ?? mirror?.refs() ?? knownRefs;
  const objects = mirror ? [join(mirror.path, "objects")] : [];
  const complete = new Set(await completeTips(repository, [...refs.values()], objects));
  const lost = [...refs].filter(([, oid]) => !complete.has(oid)).map(([name]) => name);
  if (lost.length > 0 || refs.size === 0) throw notHere(lost);
  const git = packAnywhere(repository, [...complete], objects);
  const saver = new PackSaver(remote.backend, remote.signal);
  for await (const bytes of git.stdout) await saver.write(bytes as Buffer);
  await git.done;
  const stored = await saver.finish();
  const tags = await peelTags(repository, [...complete], objects);
  const peeled = new Map([...refs].flatMap(([name, oid]) => (tags.has(oid) ? [[name, tags.get(oid) ?? ""]] : [])));
  await put(remote, root, { refs, peeled, stored, repository, atLeast: (mirror?.generation ?? 0) + 1 });
  return { refs: refs.size, lost };
}

interface Restored {
  readonly refs: ReadonlyMap<string, string>;
  readonly peeled: ReadonlyMap<string, string>;
  /** A generation that nobody has seen here. */
  readonly atLeast: number;
  readonly stored: Awaited<ReturnType<PackSaver["finish"]>>;
  readonly repository: Repository;
}

async function put(
  remote: RemoteRepository,
  root: Root | undefined,
  { refs, peeled, stored, repository, atLeast }: Restored,
) {
  const transaction = newTransaction();
  const packsUpTo = (generation: number) => (stored ? [{ from: 1, to: generation, ...stored }] : []);
  if (root) {
    const first = await remote.readExisting();
    const swapped = await swapRoot({ place: remote.place, transaction, first }, async (now) => {
      if (now.generation !== root.generation) return undefined;
      return nextRoot(now, transaction, { packs: packsUpTo(now.generation), retired: [], epoch: now.epoch + 1 });
    });
    if (swapped) return;
    throw new MlgitError("conflict", "somebody pushed meanwhile", { hint: "run it again" });
  }
  const marker = await remote.marker();
  const empty = emptyRoot(marker.repository, repository.objectFormat);
  const head = refs.has(empty.head)
    ? empty.head
    : ([...refs.keys()].find((name) => name.startsWith("refs/heads/")) ?? empty.head);
  const done = await remote.place.rescue((lowest) => {
    const generation = Math.max(lowest, atLeast);
    // Pushes that were begun before must make their packs again.
    const epoch = Math.floor(Date.now() / 1000);
    const changes = { refs, peeled, head, epoch, packs: packsUpTo(generation) };
    return nextRoot({ ...empty, generation: generation - 1 }, transaction, changes);
  });
  if (!done)
    throw new MlgitError("conflict", "somebody else restored it meanwhile", { hint: "run git mlgit remote fsck" });
}

async function soundMirror(remote: RemoteRepository): Promise<Mirror | undefined> {
  const marker = await remote.marker().catch((error) => {
    if (!isMlgitError(error)) throw error;
    return undefined;
  });
  const mirror = marker && remote.mirrorOf(marker);
  return mirror && existsSync(join(mirror.path, "packed-refs")) && (await mirror.isSound()) ? mirror : undefined;
}

function notHere(lost: readonly string[]): MlgitError {
  const what =
    lost.length > 0 ? `the history of ${lost.slice(0, 10).join(", ")} is not here` : "no refs are known here";
  return new MlgitError("missing", `${what}; nothing was changed`, {
    hint: "run `git mlgit remote fsck --fix` in a clone that is up to date",
  });
}
