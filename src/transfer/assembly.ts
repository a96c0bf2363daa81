/** One file that is put together from chunks in any order. Verified as a whole before the cache gets it. */
export interface Assembly {
  /** Writes plain bytes at an offset; the pieces of a file do not overlap. */
  write(bytes: Uint8Array, offset: number): void;
  /** All bytes came: checks the hash and stores the file, at once where it is small. @throws MlgitError kind `corrupt`, or rejects with it */
  finish(): Promise<void> | undefined;
  /** Leaves nothing behind. Harmless after finish. */
  abort(): void;
  /** Leaves what came to the next fetch. Harmless after finish. */
  leave(): void;
  /** Bytes that an earlier fetch left here, unverified; undefined where it left none. */
  leftover?(offset: number, length: number): Uint8Array | undefined;
  /** These bytes of an earlier fetch were verified: they need not be written. */
  accept?(offset: number, length: number): void;
}
