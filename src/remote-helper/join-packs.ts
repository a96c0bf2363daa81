/* docs/format/remote.md, "Packs" */
import { createHash } from "node:crypto";
import type { Backend } from "../backend/backend.ts";
import { MlgitError } from "../error/mlgit-error.ts";
import type { ObjectFormat } from "../git/repository.ts";
import { containerTable, isContainer, type Part, readTable } from "./pack-container.ts";
import { entryCount, loadPieces, packHeaderSize } from "./pack-objects.ts";
import { restoreHint } from "./restore-hint.ts";
import type { RemotePack } from "./root.ts";

export interface JoinSource {
  readonly backend: Backend;
  readonly objectFormat: ObjectFormat;
  readonly signal?: AbortSignal;
  readonly onBytes?: (bytes: number) => void;
}

/** Bytes of a part, at an offset in it. */
export interface PartBytes {
  readonly part: Part;
  readonly at: number;
  readonly bytes: Buffer;
}

/**
 * The packs as git made them, one after the other, whether they were joined or not.
 * @throws MlgitError kind `corrupt` for what is not what the root says, or the backend's.
 */
export async function* readParts(packs: readonly RemotePack[], source: JoinSource): AsyncGenerator<PartBytes> {
  let parts: Part[] = [];
  let inPart = 0;
  for await (const { pack, bytes, at } of loadPieces(source.backend, packs, source.signal)) {
    let from = 0;
    if (at === 0) {
      const head = headOf(pack, bytes, source);
      parts = [...head.parts];
      from = head.end;
      inPart = 0;
    }
    while (from < bytes.length) {
      const part = parts[0];
      if (!part) throw damaged(pack, source);
      const slice = bytes.subarray(from, from + part.size - inPart);
      yield { part, at: inPart, bytes: slice };
      from += slice.length;
      inPart += slice.length;
      if (inPart < part.size) continue;
      parts.shift();
      inPart = 0;
    }
    source.onBytes?.(bytes.length);
  }
  if (parts.length > 0) throw new MlgitError("corrupt", `a pack in ${source.backend.location} is cut off`);
}

/**
 * Several packs as one that git can read: a new header, the entries of each in order, a new trailer. Offsets of deltas are relative and stay right. git
 * refuses the result when something is built on an object that comes twice.
 */
export async function* mergeParts(
  parts: AsyncIterable<PartBytes>,
  { objects, objectFormat }: { readonly objects: number; readonly objectFormat: ObjectFormat },
): AsyncGenerator<Buffer> {
  const hash = createHash(objectFormat);
  const trailer = objectFormat === "sha256" ? 32 : 20;
  const header = packHeader(objects);
  hash.update(header);
  yield header;
  for await (const { part, at, bytes } of parts) {
    const start = Math.max(0, packHeaderSize - at);
    const end = Math.min(bytes.length, part.size - trailer - at);
    if (end <= start) continue;
    const entries = bytes.subarray(start, end);
    hash.update(entries);
    yield entries;
  }
  yield hash.digest();
}

/** Parts as one object of the store: a table, then each as it is. */
export function joinParts(parts: readonly PartBytes[]): Buffer {
  const whole = parts.filter(({ at }) => at === 0).map(({ part }) => part);
  return Buffer.concat([containerTable(whole), ...parts.map(({ bytes }) => bytes)]);
}

/** What a stored pack consists of, and where that begins. */
function headOf(pack: RemotePack, bytes: Buffer, source: JoinSource): { parts: readonly Part[]; end: number } {
  if (!isContainer(bytes)) {
    if (entryCount(bytes) !== pack.objects) throw damaged(pack, source);
    return { parts: [{ objects: pack.objects, size: pack.size }], end: 0 };
  }
  const table = readTable(bytes);
  const size = table?.parts.reduce((sum, part) => sum + part.size, table.end);
  const objects = table?.parts.reduce((sum, part) => sum + part.objects, 0);
  if (!table || size !== pack.size || objects !== pack.objects) throw damaged(pack, source);
  return table;
}

export function packHeader(entries: number): Buffer {
  const header = Buffer.alloc(packHeaderSize);
  header.write("PACK", "latin1");
  header.writeUInt32BE(2, 4);
  header.writeUInt32BE(entries, 8);
  return header;
}

function damaged(pack: RemotePack, { backend }: JoinSource): MlgitError {
  return new MlgitError("corrupt", `a pack in ${backend.location} is not what its root says`, {
    path: `git/packs/${pack.pieces[0]}`,
    hint: restoreHint,
  });
}
