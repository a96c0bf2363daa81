import type { ChunkHash } from "../../chunk/chunk-hash.ts";
import type { Codec, Frame } from "../../chunk/codec.ts";
import type { Term, TermList } from "../manifest.ts";
import type { PackInfo } from "./index-copy.ts";
import type { EntryOrigin, PackRecipe } from "./pack-recipe.ts";
import type { UploadSlots } from "./upload-slots.ts";

export interface FinishedPack {
  readonly recipe: PackRecipe;
  /** A view on the buffer; after `upload` resolved it is used again. */
  readonly bytes: Uint8Array;
}

export interface PackerTools {
  readonly hash: ChunkHash;
  readonly codec: Codec;
  /** Where the store has a chunk already. */
  find(id: Uint8Array): { readonly pack: PackInfo; readonly entry: number } | undefined;
  /** Stores a finished pack. Called without waiting for the one before; failing fails the push. */
  upload(pack: FinishedPack): Promise<void>;
  /** Stores an index segment, all of whose packs are stored; from then on `find` knows what it names. */
  saveSegment(id: string, bytes: Uint8Array): Promise<void>;
  /** Chunks of this push that are remembered before the index has to know them. */
  readonly mostChunks?: number;
  /** Files of this many bytes or more are kept in mind for `packed`. */
  readonly remember: number;
  /** Packs grow in their buffers. */
  readonly slots: UploadSlots;
}

/** What a file is known by before its bytes come. */
export interface FileHead {
  readonly oid: string;
  readonly size: number;
  /** Files of one kind are alike in how they compress. If absent, like no other. */
  readonly kind?: string | undefined;
}

/** A row of the index in the making. */
export interface FilePlace {
  readonly oid: string;
  readonly size: number;
  /** Those of its manifest. */
  readonly terms: readonly Term[];
  /** The pack's id, or `#<number>`. */
  readonly pack: string;
  readonly first: number;
  readonly count: number;
  readonly manifest: boolean;
}

export interface PackedFile {
  readonly oid: string;
  readonly size: number;
  readonly terms: TermList;
  /** Plain bytes of each chunk. */
  readonly lengths: number[];
}

export interface Sourced {
  readonly plain: Uint8Array;
  readonly id: Uint8Array | undefined;
  readonly frame: Frame | undefined;
  readonly origin: EntryOrigin;
}

/** An entry of a pack. */
export interface Placed {
  /** The pack's id, or `#<number>`. */
  readonly pack: string;
  readonly entry: number;
}

export interface FilePacker {
  /** What a chunk of the file will be called, if that is not known, and whether it would be stored now. */
  look(plain: Uint8Array, id?: Uint8Array): { readonly id: Uint8Array; readonly isNew: boolean };
  /** Whether the chunks that come will all be compressed, going by those that came. */
  shrinks(): boolean;
  /**
   * Takes the next chunk of the file; its bytes may be overwritten when this resolves, or at once where it returns nothing. `id`, `frame`: if absent it is hashed and, where that is worth a try, compressed here.
   */
  chunk(plain: Uint8Array, id?: Uint8Array, frame?: Frame): Promise<void> | undefined;
  /** The whole file came and was right. Without this call it is not in the index. */
  done(): void;
}
