import { packLimit } from "../pack/pack-builder.ts";

/** Where the chunks of a push lie: by half of their ids, which is enough among them, and one number each, since there are hundreds of thousands. */
export class PlacedChunks {
  readonly #places = new Map<string, number>();

  /** Remembers the chunk as this entry of the pack of that number. */
  set(id: Uint8Array, pack: number, entry: number): void {
    this.#places.set(keyOf(id), pack * packLimit.entries + entry);
  }

  get(id: Uint8Array): { readonly pack: number; readonly entry: number } | undefined {
    const place = this.#places.get(keyOf(id));
    if (place === undefined) return undefined;
    return { pack: Math.floor(place / packLimit.entries), entry: place % packLimit.entries };
  }

  clear(): void {
    this.#places.clear();
  }
}

function keyOf(id: Uint8Array): string {
  return Buffer.from(id.buffer, id.byteOffset, 16).toString("latin1");
}
