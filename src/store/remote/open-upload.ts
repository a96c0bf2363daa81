import { type PackBuilder, type PackEntry, packLimit } from "../pack/pack-builder.ts";
import type { EntryOrigin } from "./pack-recipe.ts";
import type { PackedFile } from "./packer-types.ts";

/** A pack in the making. */
export interface OpenUpload {
  readonly builder: PackBuilder;
  readonly buffer: Uint8Array;
  readonly origins: EntryOrigin[];
}

/** Returns the entry's number. */
export function addTo({ builder, origins }: OpenUpload, entry: PackEntry, origin: EntryOrigin): number {
  origins.push(origin);
  return builder.add(entry);
}

/** Whether all pieces of a manifest of so many bytes still go in. */
export function hasRoomFor(builder: PackBuilder, bytes: number): boolean {
  const rows = 1024;
  return builder.fits(bytes + rows) && builder.count + 16 <= packLimit.entries;
}

/** Where the chunks of a file lie, in file order. */
export interface FileChunks {
  readonly oid: string;
  readonly size: number;
  readonly chunks: readonly { readonly pack: string; readonly entry: number; readonly length: number }[];
}

/** The chunks of finished files. `nameOf`: the id of a pack that a term names. */
export function* chunksOf(files: readonly PackedFile[], nameOf: (pack: string) => string): Generator<FileChunks> {
  for (const { oid, size, terms, lengths } of files) {
    let next = 0;
    const chunks = terms.terms.flatMap((term) =>
      Array.from({ length: term.count }, (_, i) => ({
        pack: nameOf(term.pack),
        entry: term.first + i,
        length: lengths[next++] ?? 0,
      })),
    );
    yield { oid, size, chunks };
  }
}
