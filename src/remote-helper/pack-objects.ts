/* docs/format/remote.md, "Packs" */
import { createHash, randomBytes } from "node:crypto";
import pLimit from "p-limit";
import type { Backend } from "../backend/backend.ts";
import type { Handle } from "../backend/handle.ts";
import { MlgitError } from "../error/mlgit-error.ts";
import { restoreHint } from "./restore-hint.ts";
import { inlineLimit, type RemotePack } from "./root.ts";

/** A pack in the store without its place in the order. */
export type StoredPack = Omit<RemotePack, "from" | "to">;

const pieceSize = 64 << 20;
const uploadsAtOnce = 3;
/** Packs of pushes that are larger are not looked into. */
export const wrappedLimit = 1 << 20;
/** "PACK", version, number of entries: gitformat-pack(5). */
export const packHeaderSize = 12;

export function pieceHandle(piece: string): Handle {
  return { type: "git", name: `packs/${piece}` };
}

/** Takes a pack as it comes and stores it in pieces, each durable before `finish` resolves. */
export class PackSaver {
  readonly #backend: Backend;
  readonly #signal: AbortSignal | undefined;
  readonly #turn = pLimit(uploadsAtOnce);
  readonly #uploads: Promise<string>[] = [];
  #parts: Uint8Array[] = [];
  #held = 0;
  #size = 0;
  #header: Buffer = Buffer.alloc(0);

  constructor(backend: Backend, signal?: AbortSignal) {
    this.#backend = backend;
    this.#signal = signal;
  }

  /** The bytes must not change afterwards. Resolves when more may come. */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.#header.length < packHeaderSize)
      this.#header = Buffer.concat([this.#header, bytes.subarray(0, packHeaderSize - this.#header.length)]);
    for (let at = 0; at < bytes.length; ) {
      const part = bytes.subarray(at, at + pieceSize - this.#held);
      this.#parts.push(part);
      this.#held += part.length;
      this.#size += part.length;
      at += part.length;
      if (this.#held === pieceSize) await this.#cut();
    }
  }

  /** Undefined for a pack without entries, of which nothing is stored. `objects` is known of what is no single pack. */
  async finish(objects = entryCount(this.#header)): Promise<StoredPack | undefined> {
    if (objects === 0) return undefined;
    if (this.#held > 0) await this.#cut();
    return { objects, size: this.#size, pieces: await Promise.all(this.#uploads) };
  }

  /** The same, for the pack of a push: what `wrap` makes of a small one is stored, or is not, where it may stand in the root. */
  async finishPush(wrap: (pack: Buffer) => Promise<Buffer>): Promise<StoredPack | undefined> {
    const objects = entryCount(this.#header);
    if (objects === 0 || this.#size > wrappedLimit) return this.finish(objects);
    const bytes = await wrap(Buffer.concat(this.#parts));
    if (bytes.length <= inlineLimit)
      return { objects, size: bytes.length, pieces: [], inline: bytes.toString("base64") };
    this.#parts = [bytes];
    this.#held = bytes.length;
    this.#size = bytes.length;
    return this.finish(objects);
  }

  async #cut(): Promise<void> {
    const body = this.#parts.length === 1 && this.#parts[0] ? this.#parts[0] : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#held = 0;
    const upload = this.#turn(() => this.#save(body));
    // Whoever awaits `finish` gets the error.
    upload.catch(() => {});
    this.#uploads.push(upload);
    if (this.#uploads.length >= uploadsAtOnce) await this.#uploads.at(-uploadsAtOnce);
  }

  async #save(body: Uint8Array): Promise<string> {
    const piece = `${createHash("sha256").update(body).digest("hex")}-${randomBytes(8).toString("hex")}`;
    await this.#backend.save(pieceHandle(piece), body, this.#signal ? { signal: this.#signal } : {});
    return piece;
  }
}

/** @throws MlgitError kind `internal` for what is no pack of a version that git writes. */
export function entryCount(header: Buffer): number {
  const isPack = header.length >= packHeaderSize && header.toString("latin1", 0, 4) === "PACK";
  if (isPack && header.readUInt32BE(4) === 2) return header.readUInt32BE(8);
  throw new MlgitError("internal", `not a pack: ${JSON.stringify(header.toString("latin1"))}`);
}

/**
 * Loads a piece and checks its hash.
 * @throws MlgitError kind `missing` when it is gone, `corrupt` when it is not what it was.
 */
export async function loadPiece(backend: Backend, piece: string, signal?: AbortSignal): Promise<Buffer> {
  const collect = async (body: AsyncIterable<Uint8Array>) => {
    const parts: Uint8Array[] = [];
    for await (const part of body) parts.push(part);
    return Buffer.concat(parts);
  };
  const bytes = await backend.load(pieceHandle(piece), undefined, collect, signal);
  if (createHash("sha256").update(bytes).digest("hex") === piece.slice(0, 64)) return bytes;
  throw new MlgitError("corrupt", `git/packs/${piece} in ${backend.location} is damaged`, {
    path: `git/packs/${piece}`,
    hint: restoreHint,
  });
}

/** The bytes of packs, piece after piece, in order; some pieces are loaded ahead. */
export async function* loadPieces(
  backend: Backend,
  packs: readonly RemotePack[],
  signal?: AbortSignal,
): AsyncGenerator<{ readonly pack: RemotePack; readonly bytes: Buffer; readonly at: number }> {
  const ahead = Math.max(2, Math.min(16, backend.properties.connections));
  const wanted = packs.flatMap((pack) => {
    const { inline, pieces } = pack;
    if (inline !== undefined) return [{ pack, n: 0, load: async () => Buffer.from(inline, "base64") }];
    return pieces.map((piece, n) => ({ pack, n, load: () => loadPiece(backend, piece, signal) }));
  });
  const loading: Promise<Buffer>[] = [];
  let at = 0;
  for (const [i, { pack, n }] of wanted.entries()) {
    // Large pieces: two are enough to keep the line busy.
    const many = pack.size > pieceSize / 8 ? 2 : ahead;
    for (const { load } of wanted.slice(loading.length, i + many)) {
      const one = load();
      one.catch(() => {});
      loading.push(one);
    }
    const bytes = (await loading[i]) as Buffer;
    loading[i] = Promise.resolve(Buffer.alloc(0));
    if (n === 0) at = 0;
    yield { pack, bytes, at };
    at += bytes.length;
  }
}
