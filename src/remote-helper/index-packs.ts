import { Readable } from "node:stream";
import { isMlgitError, MlgitError } from "../error/mlgit-error.ts";
import { gitInMirror } from "../git/mirror.ts";
import type { ObjectFormat } from "../git/repository.ts";
import { type JoinSource, mergeParts, type PartBytes, readParts } from "./join-packs.ts";
import type { RemotePack } from "./root.ts";

/**
 * How many packs of pushes git is fed at once. Where an object comes twice and something is built on it git takes none of them, which is the likelier the
 * more there are; then they are tried again in smaller groups, down to one by one.
 */
const groupSizes: readonly number[] = [1024, 128, 16, 1];
/** A group is held in memory. */
const mostHeld = 64 << 20;

/**
 * Feeds packs to a mirror, in as few goes as git likes.
 * @returns names of pack files, `pack-<hash>`. @throws MlgitError kind `corrupt`, or the backend's.
 */
export async function indexPacks(mirror: string, packs: readonly RemotePack[], source: JoinSource): Promise<string[]> {
  const most = packs.reduce((sum, { from, to }) => sum + to - from + 1, 0);
  if (most <= (groupSizes[0] ?? 1)) {
    const name = await unlessTwice(() => indexStream(mirror, packs, source));
    if (name) return [name];
  }
  const names: string[] = [];
  let small: RemotePack[] = [];
  const flush = async () => {
    for await (const group of groupsOf(readParts(small, source)))
      names.push(...(await indexGroup(mirror, group, { objectFormat: source.objectFormat, step: 0 })));
    small = [];
  };
  for (const pack of packs) {
    if (pack.size <= mostHeld) small.push(pack);
    else {
      await flush();
      names.push(await indexStream(mirror, [pack], source));
    }
  }
  await flush();
  return names;
}

function indexStream(mirror: string, packs: readonly RemotePack[], source: JoinSource): Promise<string> {
  const objects = packs.reduce((sum, pack) => sum + pack.objects, 0);
  return index(mirror, mergeParts(readParts(packs, source), { objects, objectFormat: source.objectFormat }));
}

interface GroupStep {
  readonly objectFormat: ObjectFormat;
  /** Which of the sizes this group has. */
  readonly step: number;
}

async function indexGroup(
  mirror: string,
  group: readonly PartBytes[],
  { objectFormat, step }: GroupStep,
): Promise<string[]> {
  const parts = group.filter(({ at }) => at === 0).map(({ part }) => part);
  const objects = parts.reduce((sum, part) => sum + part.objects, 0);
  const merge = () => index(mirror, mergeParts(Readable.from(group), { objects, objectFormat }));
  if (parts.length === 1) return [await merge()];
  const name = await unlessTwice(merge);
  if (name) return [name];
  const size = groupSizes[step + 1] ?? 1;
  const names: string[] = [];
  for (let from = 0; from < parts.length; from += size) {
    const some = new Set(parts.slice(from, from + size));
    const smaller = group.filter(({ part }) => some.has(part));
    names.push(...(await indexGroup(mirror, smaller, { objectFormat, step: step + 1 })));
  }
  return names;
}

/** Undefined when git does not take it; whatever else may be wrong shows again in smaller groups. */
async function unlessTwice(work: () => Promise<string>): Promise<string | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!isMlgitError(error) || error.kind !== "corrupt") throw error;
    return undefined;
  }
}

/** @returns the name of the pack file, `pack-<hash>`. */
async function index(mirror: string, pack: AsyncIterable<Uint8Array>): Promise<string> {
  const { stdout } = await gitInMirror(mirror, ["index-pack", "--stdin", "--fix-thin"], { input: pack }).catch(
    (error: unknown) => {
      // Of the store, while git waited for more.
      if (!isMlgitError(error) || error.kind !== "incomplete") throw error;
      throw new MlgitError("corrupt", `the packs of the remote do not fit together: ${error.message}`, {
        hint: "run `git mlgit remote fsck` in a clone that is up to date",
        cause: error,
      });
    },
  );
  const name = /^(?:pack|keep)\t([0-9a-f]{40,64})$/m.exec(stdout.toString("latin1"))?.[1];
  if (name) return `pack-${name}`;
  throw new MlgitError("internal", `git index-pack said ${JSON.stringify(stdout.toString("latin1"))}`);
}

/** Whole parts, as many as fit into a group. */
async function* groupsOf(parts: AsyncIterable<PartBytes>): AsyncGenerator<PartBytes[]> {
  let group: PartBytes[] = [];
  let count = 0;
  let held = 0;
  for await (const part of parts) {
    if (part.at === 0) {
      if (group.length > 0 && (count === groupSizes[0] || held > mostHeld)) {
        yield group;
        [group, count, held] = [[], 0, 0];
      }
      count++;
    }
    held += part.bytes.length;
    group.push(part);
  }
  if (group.length > 0) yield group;
}
