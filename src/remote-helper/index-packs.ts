import { Readable } from "node:stream";
import { isMlgitError, MlgitError } from "../error/mlgit-error.ts";
import { gitInMirror } from "../git/mirror.ts";
import type { ObjectFormat } from "../git/repository.ts";
import { type JoinSource, mergeParts, type PartBytes, readParts } from "./join-packs.ts";
import type { RemotePack } from "./root.ts";

/**
 * Feeds packs to a mirror: all in one go; where git does not like that (an object came twice), in small groups, and at last one by one.
 * @returns names of pack files, `pack-<hash>`. @throws MlgitError kind `corrupt`, or the backend's.
 */
export async function indexPacks(mirror: string, packs: readonly RemotePack[], source: JoinSource): Promise<string[]> {
  const objects = packs.reduce((sum, pack) => sum + pack.objects, 0);
  const { objectFormat } = source;
  try {
    return [await index(mirror, mergeParts(readParts(packs, source), { objects, objectFormat }))];
  } catch (error) {
    if (!isMlgitError(error) || error.kind !== "corrupt") throw error;
  }
  const names: string[] = [];
  for await (const group of groupsOf(readParts(packs, source)))
    names.push(...(await indexGroup(mirror, group, objectFormat)));
  return names;
}

async function indexGroup(mirror: string, group: readonly PartBytes[], objectFormat: ObjectFormat): Promise<string[]> {
  const whole = group.filter(({ at }) => at === 0);
  const objects = whole.reduce((sum, { part }) => sum + part.objects, 0);
  const merge = (parts: readonly PartBytes[], count: number) =>
    index(mirror, mergeParts(Readable.from(parts), { objects: count, objectFormat }));
  try {
    return [await merge(group, objects)];
  } catch (error) {
    if (whole.length === 1 || !isMlgitError(error) || error.kind !== "corrupt") throw error;
  }
  const names: string[] = [];
  for (const { part } of whole)
    names.push(
      await merge(
        group.filter((one) => one.part === part),
        part.objects,
      ),
    );
  return names;
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

const groupSize = 16;

/** Whole parts, up to sixteen at a time. */
async function* groupsOf(parts: AsyncIterable<PartBytes>): AsyncGenerator<PartBytes[]> {
  let group: PartBytes[] = [];
  for await (const part of parts) {
    if (part.at === 0 && group.filter(({ at }) => at === 0).length === groupSize) {
      yield group;
      group = [];
    }
    group.push(part);
  }
  if (group.length > 0) yield group;
}
