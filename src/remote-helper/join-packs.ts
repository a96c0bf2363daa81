import { createHash } from "node:crypto";
import type { Backend } from "../backend/backend.ts";
import { MlgitError } from "../error/mlgit-error.ts";
import type { ObjectFormat } from "../git/repository.ts";
import { entryCount, loadPieces, packHeaderSize } from "./pack-objects.ts";
import type { RemotePack } from "./root.ts";

export interface JoinSource {
  readonly backend: Backend;
  readonly objectFormat: ObjectFormat;
  readonly signal?: AbortSignal;
  readonly onBytes?: (bytes: number) => void;
}

/**
 * Several packs as one: a new header, the entries of each in order, a new trailer. Offsets of deltas are relative and stay right. An object
 * that two packs have comes twice, which git allows.
 * @throws MlgitError kind `corrupt` for a pack that is not what the root says, or the backend's.
 */
export async function* joinPacks(packs: readonly RemotePack[], source: JoinSource): AsyncGenerator<Buffer> {
  const hash = createHash(source.objectFormat);
  const trailer = source.objectFormat === "sha256" ? 32 : 20;
  const emit = (bytes: Buffer) => {
    hash.update(bytes);
    return bytes;
  };
  yield emit(packHeader(packs.reduce((sum, pack) => sum + pack.objects, 0)));
  for await (const { pack, bytes, at } of loadPieces(source.backend, packs, source.signal)) {
    if (at === 0 && entryCount(bytes) !== pack.objects) throw damaged(pack, source);
    if (at + bytes.length > pack.size) throw damaged(pack, source);
    const start = at === 0 ? packHeaderSize : 0;
    const end = Math.min(bytes.length, pack.size - trailer - at);
    if (end > start) yield emit(bytes.subarray(start, end));
    source.onBytes?.(bytes.length);
  }
  yield hash.digest();
}

function packHeader(entries: number): Buffer {
  const header = Buffer.alloc(packHeaderSize);
  header.write("PACK", "latin1");
  header.writeUInt32BE(2, 4);
  header.writeUInt32BE(entries, 8);
  return header;
}

function damaged(pack: RemotePack, { backend }: JoinSource): MlgitError {
  return new MlgitError("corrupt", `a pack in ${backend.location} is not what its root says`, {
    path: `git/packs/${pack.pieces[0]}`,
    hint: "run `git mlgit remote fsck`",
  });
}
