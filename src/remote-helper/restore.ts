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
  /** Called with the commits whose refs are about to be written: makes their data durable first. */
  readonly uploadData: (tips: readonly string[]) => Promise<void>;
}

export interface RestoreReport {
  readonly refs: number;
  /** Refs that were seen with a value whose history is not here: they have an older one, or are gone. */
  readonly lost: readonly string[];
}

/**
 * Brings back what a damaged repository in a store has lost, from a clone and from the local mirror. With a readable root all of its refs have to be here;
 * without one, each ref gets the newest value whose history is here: as this machine saw it last, as the mirror has it, as the clone knows it.
 * @throws MlgitError kind `missing` with the refs that are not here; nothing was changed then.
 */
export async function restore(
  remote: RemoteRepository,
  root: Root | undefined,
  { repository, knownRefs, uploadData }: RestoreSource,
): Promise<RestoreReport> {
  const mirror = await soundMirror(remote);
  const seen = remote.lastSeen.root();
  const sources = root ? [root.refs] : [seen?.refs, mirror?.refs(), knownRefs].filter((one) => one !== undefined);
  const objects = mirror ? [join(mirror.path, "objects")] : [];
  const all = sources.flatMap((one) => [...one.values()]);
  const complete = new Set(await completeTips(repository, all, objects));
  const { refs, lost } = chooseRefs(sources, complete);
  if (refs.size === 0 || (root && lost.length > 0)) throw notHere(lost);
  const tips = [...new Set(refs.values())];
  await uploadData(tips);
  const git = packAnywhere(repository, tips, objects);
  const saver = new PackSaver(remote.backend, remote.signal);
  for await (const bytes of git.stdout) await saver.write(bytes as Buffer);
  await git.done;
  const stored = await saver.finish();
  const tags = await peelTags(repository, tips, objects);
  const peeled = new Map([...refs].flatMap(([name, oid]) => (tags.has(oid) ? [[name, tags.get(oid) ?? ""]] : [])));
  const atLeast = Math.max(mirror?.generation ?? 0, seen?.generation ?? 0) + 1;
  await put(remote, root, { refs, peeled, stored, repository, seen, atLeast });
  return { refs: refs.size, lost };
}

/** The first source says which refs there are; of each the first value whose history is here is taken. `lost`: not as the first source has it. */
function chooseRefs(sources: readonly ReadonlyMap<string, string>[], complete: ReadonlySet<string>) {
  const refs = new Map<string, string>();
  const lost: string[] = [];
  for (const [name, oid] of sources[0] ?? []) {
    if (!complete.has(oid)) lost.push(name);
    const value = sources.map((one) => one.get(name)).find((one) => one !== undefined && complete.has(one));
    if (value !== undefined) refs.set(name, value);
  }
  return { refs, lost };
}

interface Restored {
  readonly refs: ReadonlyMap<string, string>;
  readonly peeled: ReadonlyMap<string, string>;
  /** A generation that nobody has seen here. */
  readonly atLeast: number;
  readonly stored: Awaited<ReturnType<PackSaver["finish"]>>;
  readonly repository: Repository;
  /** What else a root says. */
  readonly seen: Root | undefined;
}

async function put(
  remote: RemoteRepository,
  root: Root | undefined,
  { refs, peeled, stored, repository, seen, atLeast }: Restored,
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
  const marker = await remote.markerOrNew(repository.objectFormat);
  const empty = emptyRoot(marker.repository, repository.objectFormat);
  const branches = [...refs.keys()].filter((name) => name.startsWith("refs/heads/"));
  const head = [seen?.head, empty.head, ...branches].find((name) => name !== undefined && refs.has(name)) ?? empty.head;
  const done = await remote.place.rescue((lowest) => {
    const generation = Math.max(lowest, atLeast);
    // Pushes that were begun before must make their packs again.
    const epoch = Math.floor(Date.now() / 1000);
    const changes = { refs, peeled, head, epoch, protected: seen?.protected ?? [], packs: packsUpTo(generation) };
    return nextRoot({ ...empty, generation: generation - 1 }, transaction, changes);
  });
  if (!done)
    throw new MlgitError("conflict", "somebody else restored it meanwhile", { hint: "run git mlgit remote fsck" });
}

async function soundMirror(remote: RemoteRepository): Promise<Mirror | undefined> {
  const marker = await remote.marker().catch((error) => {
    if (!isMlgitError(error)) throw error;
    return remote.lastSeen.marker();
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
