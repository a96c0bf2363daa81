import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { isMlgitError, MlgitError } from "../error/mlgit-error.ts";
import { gitInMirror } from "../git/mirror.ts";
import { type JoinSource, mergeParts, type PartBytes, packHeader, readParts } from "./join-packs.ts";
import { mergeNamed, type WholePart } from "./named-entries.ts";
import { wrappedLimit } from "./pack-objects.ts";
import { restoreHint } from "./restore-hint.ts";
import type { RemotePack } from "./root.ts";

export interface IndexSource extends JoinSource {
  /** Feeds packs as they are, whatever is said about their entries. */
  readonly plain?: boolean;
}

/**
 * How many packs whose entries have no names git is fed at once. Where an object comes twice and something is built on it git takes none of them, which is the
 * likelier the more there are; then they are tried again in smaller groups, down to one by one.
 */
const groupSizes: readonly number[] = [1024, 128, 16, 1];
/** A group is held in memory. */
const mostHeld = 64 << 20;

/**
 * Feeds packs to a mirror, in as few goes as git likes.
 * @returns names of pack files, `pack-<hash>`. @throws MlgitError kind `corrupt`, or the backend's.
 */
export async function indexPacks(mirror: string, packs: readonly RemotePack[], source: IndexSource): Promise<string[]> {
  const names: string[] = [];
  let small: RemotePack[] = [];
  const flush = async () => {
    for await (const group of groupsOf(readParts(small, source))) names.push(...(await takeIn(mirror, group, source)));
    small = [];
  };
  for (const pack of packs) {
    if (!isOnePack(pack)) small.push(pack);
    else {
      await flush();
      const options = { objects: pack.objects, objectFormat: source.objectFormat };
      names.push(await index(mirror, mergeParts(readParts([pack], source), options)));
    }
  }
  await flush();
  return names;
}

/** So large that it was neither joined nor looked into; it is handed on as it comes. */
function isOnePack({ from, to, size }: RemotePack): boolean {
  return size > mostHeld + wrappedLimit || (from === to && size > wrappedLimit);
}

async function takeIn(mirror: string, group: readonly PartBytes[], source: IndexSource): Promise<string[]> {
  const isNamed = !source.plain && group.some(({ part }) => part.names);
  const name = isNamed ? await unlessTwice(() => indexNamed(mirror, group, source)) : undefined;
  return name ? [name] : indexGroup(mirror, group, { source, step: 0 });
}

/** With each object once, as far as names of entries tell. */
function indexNamed(mirror: string, group: readonly PartBytes[], { objectFormat }: JoinSource): Promise<string> {
  const parts: WholePart[] = [];
  for (let i = 0; i < group.length; ) {
    const part = group[i]?.part;
    const from = i;
    while (i < group.length && group[i]?.part === part) i++;
    const bytes = group.slice(from, i).map((one) => one.bytes);
    parts.push({ names: part?.names, bytes: bytes.length === 1 && bytes[0] ? bytes[0] : Buffer.concat(bytes) });
  }
  const { objects, entries } = mergeNamed(parts, objectFormat === "sha256" ? 32 : 20);
  const header = packHeader(objects);
  const trailer = createHash(objectFormat).update(header).update(entries).digest();
  return index(mirror, Readable.from([header, entries, trailer]));
}

interface GroupStep {
  readonly source: JoinSource;
  /** Which of the sizes this group has. */
  readonly step: number;
}

async function indexGroup(mirror: string, group: readonly PartBytes[], { source, step }: GroupStep): Promise<string[]> {
  const parts = group.filter(({ at }) => at === 0).map(({ part }) => part);
  const objects = parts.reduce((sum, part) => sum + part.objects, 0);
  const options = { objects, objectFormat: source.objectFormat };
  const merge = () => index(mirror, mergeParts(Readable.from(group), options));
  if (parts.length === 1) return [await merge()];
  const name = parts.length <= (groupSizes[0] ?? 1) ? await unlessTwice(merge) : undefined;
  if (name) return [name];
  const size = groupSizes[step + 1] ?? 1;
  const names: string[] = [];
  for (let from = 0; from < parts.length; from += size) {
    const some = new Set(parts.slice(from, from + size));
    const smaller = group.filter(({ part }) => some.has(part));
    names.push(...(await indexGroup(mirror, smaller, { source, step: step + 1 })));
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
        hint: restoreHint,
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
  let nameless = 0;
  let held = 0;
  for await (const part of parts) {
    if (part.at === 0) {
      if (group.length > 0 && (nameless === groupSizes[0] || held > mostHeld)) {
        yield group;
        [group, nameless, held] = [[], 0, 0];
      }
      if (!part.part.names) nameless++;
    }
    held += part.bytes.length;
    group.push(part);
  }
  if (group.length > 0) yield group;
}
