/* docs/format/remote.md, "Packs" */
import type { Backend } from "../backend/backend.ts";
import { startPackObjects } from "../git/history.ts";
import { packEntries } from "../git/pack-entries.ts";
import type { Repository } from "../git/repository.ts";
import { joinParts } from "./join-packs.ts";
import { nameRowSize, nameSize } from "./named-entries.ts";
import { PackSaver, packHeaderSize, type StoredPack } from "./pack-objects.ts";

export interface PackSource {
  readonly repository: Repository;
  /** What they reach is packed, but not what `known` reach. */
  readonly tips: readonly string[];
  readonly known: readonly string[];
}

/** Makes the pack of a push durable. @returns undefined when there is nothing to send. */
export async function savePack(
  backend: Backend,
  { repository, tips, known }: PackSource,
  signal?: AbortSignal,
): Promise<StoredPack | undefined> {
  const git = await startPackObjects(repository, tips, known);
  try {
    const saver = new PackSaver(backend, signal);
    for await (const bytes of git.stdout) await saver.write(bytes as Buffer);
    // Only now it is known that git came to its end.
    await git.done;
    return await saver.finishPush((pack) => withNames(repository, pack));
  } finally {
    git.stop();
  }
}

/** The pack with the names of its entries before it, or as it is where they cannot be had. */
async function withNames(repository: Repository, pack: Buffer): Promise<Buffer> {
  const entries = await packEntries(repository, pack);
  const objects = pack.readUInt32BE(8);
  if (entries?.length !== objects || entries[0]?.offset !== packHeaderSize) return pack;
  const end = pack.length - (repository.objectFormat === "sha256" ? 32 : 20);
  const names = Buffer.alloc(objects * nameRowSize);
  for (const [i, { offset, oid }] of entries.entries()) {
    names.writeUInt32BE((entries[i + 1]?.offset ?? end) - offset, i * nameRowSize);
    oid.copy(names, i * nameRowSize + 4, 0, nameSize);
  }
  return joinParts([{ part: { objects, size: pack.length, names }, at: 0, bytes: pack }]);
}
