import type { ChunkHash } from "../../chunk/chunk-hash.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { PackTable } from "../pack/pack-table.ts";

export { packMagic } from "../pack/table-builder.ts";

/** Where the plain bytes of an entry come from: a file's at an offset, or, for a piece of a manifest, themselves. */
export type EntryOrigin = { readonly oid: string; readonly offset: number } | { readonly bytes: Uint8Array };

/** What it takes to make a pack again, byte for byte: its table and footer, and where each entry's bytes are. */
export interface PackRecipe {
  readonly id: string;
  readonly size: number;
  /** Table and footer, as they end the pack. */
  readonly tail: Buffer;
  readonly origins: readonly EntryOrigin[];
}

/** The recipe as a line of text, and back. */
export function formatRecipe({ id, size, tail, origins }: PackRecipe): string {
  const oids: string[] = [];
  const places: string[] = [];
  for (const one of origins)
    if ("oid" in one) {
      // Chunks of one file follow each other.
      if (oids.at(-1) !== one.oid) oids.push(one.oid);
      places.push(`[${oids.length - 1},${one.offset}]`);
    } else places.push(`"${Buffer.from(one.bytes).toString("base64")}"`);
  const named = oids.length === 0 ? "" : `"${oids.join('","')}"`;
  const head = JSON.stringify({ v: 1, id, size, tail: tail.toString("base64") }).slice(0, -1);
  return `${head},"oids":[${named}],"places":[${places.join(",")}]}`;
}

interface RecipeText {
  readonly v: number;
  readonly id: string;
  readonly size: number;
  readonly tail: string;
  readonly oids: readonly string[];
  readonly places: readonly (readonly [number, number] | string)[];
}

/** @throws MlgitError corrupt for a text that was cut off or is something else */
export function parseRecipe(text: string, hash: ChunkHash): { recipe: PackRecipe; table: PackTable } {
  try {
    const { v, id, size, tail, oids, places } = JSON.parse(text) as RecipeText;
    if (v !== 1) throw new Error(`version ${v}`);
    const origins = places.map((place): EntryOrigin => {
      if (typeof place === "string") return { bytes: Buffer.from(place, "base64") };
      return { oid: oids[place[0]] ?? "", offset: place[1] };
    });
    const recipe = { id, size, tail: Buffer.from(tail, "base64"), origins };
    // Proves the name, and with it every id and length in the table.
    const table = PackTable.parseTail(recipe.tail, recipe, hash);
    if (table.count !== origins.length) throw new Error("another number of entries");
    return { recipe, table };
  } catch (cause) {
    throw new MlgitError("corrupt", "the note of an unfinished pack cannot be read", { cause });
  }
}
