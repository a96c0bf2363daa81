import { types } from "node:util";
import zlib from "node:zlib";
import { MlgitError } from "../error/mlgit-error.ts";
import { copyInto } from "../util/aligned.ts";

/** How the bytes of a pack entry are stored. Part of the format: docs/format/pack.md. */
export const codec = { raw: 0, zstd: 1 } as const;

/** What a chunk is stored as. */
export interface Frame {
  readonly codec: number;
  readonly bytes: Uint8Array;
}

export interface Codec {
  /**
   * zstd level 1, kept only if at least 5 % smaller; otherwise codec raw and the same `plain` again.
   * `bytes` may be a view that is valid until the next call.
   */
  compress(plain: Uint8Array): Frame;
  /**
   * The plain bytes: for codec raw `stored` itself, else maybe a view that is valid until the next call.
   * Never allocates more than `plainLength` asks for.
   * @throws MlgitError corrupt if the frame is damaged or has another length; unsupported if the codec is unknown
   */
  decompress(codec: number, stored: Uint8Array, plainLength: number): Uint8Array;
}

/** A zstd that throws anything it likes on bad data. */
interface Zstd {
  compress(plain: Uint8Array): Uint8Array;
  decompress(frame: Uint8Array, plainLength: number): Uint8Array;
}

const level = 1;
const worthKeeping = 0.95;
/** Node refuses to work in smaller steps. */
const smallestStep = 64;

/** Node's own zstd where it has one (22.15 and later), else WebAssembly. `MLGIT_ZSTD=wasm` takes the second in any case. */
export async function loadCodec(): Promise<Codec> {
  const native = process.env.MLGIT_ZSTD === "wasm" ? undefined : nodeZstd();
  return codecOf(native ?? (await loadWasmZstd()));
}

function codecOf(zstd: Zstd): Codec {
  return {
    compress(plain) {
      const bytes = zstd.compress(ownBytes(plain));
      if (bytes.length > plain.length * worthKeeping) return { codec: codec.raw, bytes: plain };
      return { codec: codec.zstd, bytes };
    },
    decompress(number, stored, plainLength) {
      const plain = decode(zstd, number, stored, plainLength);
      if (plain.length === plainLength) return plain;
      throw new MlgitError("corrupt", `stored bytes decode to ${plain.length} bytes instead of ${plainLength}`);
    },
  };
}

/** Of this thread: no zstd takes shared memory. */
let scratch = Buffer.alloc(0);

function ownBytes(plain: Uint8Array): Uint8Array {
  if (!types.isSharedArrayBuffer(plain.buffer)) return plain;
  if (scratch.length < plain.length) scratch = Buffer.allocUnsafeSlow(2 * plain.length);
  copyInto(scratch, plain, 0);
  return scratch.subarray(0, plain.length);
}

function decode(zstd: Zstd, number: number, stored: Uint8Array, plainLength: number): Uint8Array {
  if (number === codec.raw) return stored;
  if (number !== codec.zstd) {
    throw new MlgitError("unsupported", `stored with codec ${number}, which this mlgit does not know`, {
      hint: "update mlgit",
    });
  }
  try {
    return zstd.decompress(stored, plainLength);
  } catch (cause) {
    throw new MlgitError("corrupt", "stored bytes are not a whole zstd frame of the stated length", { cause });
  }
}

interface ZstdOptions {
  readonly params?: Record<number, number>;
  readonly maxOutputLength?: number;
  /** Node's default of 16 KiB makes several steps and a joining copy of one chunk: twice the time. */
  readonly chunkSize: number;
}

/** What the types of Node 20 do not have yet. */
interface ZlibWithZstd {
  readonly constants: { readonly ZSTD_c_compressionLevel: number };
  zstdCompressSync?(plain: Uint8Array, options: ZstdOptions): Buffer;
  zstdDecompressSync?(frame: Uint8Array, options: ZstdOptions): Buffer;
}

function nodeZstd(): Zstd | undefined {
  const { zstdCompressSync, zstdDecompressSync, constants } = zlib as unknown as ZlibWithZstd;
  if (!zstdCompressSync || !zstdDecompressSync) return undefined;
  const params = { [constants.ZSTD_c_compressionLevel]: level };
  return {
    compress: (plain) => zstdCompressSync(plain, { params, chunkSize: zstdBound(plain.length) }),
    decompress: (frame, plainLength) => {
      const atLeast = Math.max(plainLength, smallestStep);
      return zstdDecompressSync(frame, { maxOutputLength: Math.max(plainLength, 1), chunkSize: atLeast });
    },
  };
}

/** More than any frame of so many plain bytes needs. */
function zstdBound(length: number): number {
  return length + (length >>> 8) + 512;
}

async function loadWasmZstd(): Promise<Zstd> {
  const wasm = (await import("@foxglove/wasm-zstd")).default;
  await wasm.isLoaded;
  return {
    compress: (plain) => wasm.compress(plain, level),
    decompress: (frame, plainLength) => wasm.decompress(frame, plainLength),
  };
}
