import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { MlgitError } from "../error/mlgit-error.ts";
import { modulePath } from "../util/module-path.ts";

/** BLAKE3-256, 32 bytes, of any bytes, also of views on shared or WebAssembly memory. The result is the caller's to keep. */
export type ChunkHash = (bytes: Uint8Array) => Buffer;

const addon = "@napi-rs/blake-hash";
const hashOfNothing = "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262";

/**
 * The fastest BLAKE3 there is here: the native addon where npm could install it, else WebAssembly (a tenth of the
 * speed). `MLGIT_CHUNK_HASH=wasm` takes the second in any case.
 */
export async function loadChunkHash(): Promise<ChunkHash> {
  const native = process.env.MLGIT_CHUNK_HASH === "wasm" ? undefined : loadNative();
  return native ?? (await loadWasm());
}

/** A hash that is loaded when it is first used: most of what only reads never does, and loading takes as long as hydrating a file. */
export class LateChunkHash {
  #hash: ChunkHash | undefined;

  /** @throws MlgitError kind `setup` where the addon does not load and nobody waited for `ready`. */
  readonly hash: ChunkHash = (bytes) => {
    this.#hash ??= loadNative();
    if (this.#hash) return this.#hash(bytes);
    throw new MlgitError("setup", "the BLAKE3 addon of this installation does not load", {
      hint: "install mlgit again, or set MLGIT_CHUNK_HASH=wasm",
    });
  };

  /** After this `hash` works wherever there is WebAssembly. */
  async ready(): Promise<void> {
    this.#hash ??= await loadChunkHash();
  }

  /** The same for whoever will hardly use it: an addon that is there is believed to load. */
  async likelyReady(): Promise<void> {
    if (!this.#hash && !hasAddon()) await this.ready();
  }
}

/** Whether npm installed an addon for this platform, where Node would look for it. */
function hasAddon(): boolean {
  if (process.env.MLGIT_CHUNK_HASH === "wasm") return false;
  const name = `blake-hash-${process.platform}-${process.arch}`;
  for (let folder = dirname(modulePath(import.meta.url)); ; folder = dirname(folder)) {
    if (namesIn(join(folder, "node_modules", dirname(addon))).some((one) => one.startsWith(name))) return true;
    if (folder === dirname(folder)) return false;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Undefined where there is no addon for this platform, or one that computes something else. */
function loadNative(): ChunkHash | undefined {
  try {
    // `import()` of CommonJS scans it for names first, which takes longer than loading the addon.
    const { blake3 } = createRequire(import.meta.url)(addon) as typeof import("@napi-rs/blake-hash");
    return blake3(new Uint8Array(0)).toString("hex") === hashOfNothing ? blake3 : undefined;
  } catch {
    return undefined;
  }
}

async function loadWasm(): Promise<ChunkHash> {
  const { createBLAKE3 } = await import("hash-wasm");
  const hasher = await createBLAKE3();
  return (bytes) => {
    const digest = hasher.init().update(bytes).digest("binary");
    return Buffer.from(digest.buffer, digest.byteOffset, digest.length);
  };
}
