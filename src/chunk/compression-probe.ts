/** Magic bytes of formats that are compressed already: [offset, bytes]. */
const compressedFormats: readonly (readonly [number, string])[] = [
  [0, "\xff\xd8\xff"], // JPEG
  [0, "\x89PNG"],
  [0, "GIF8"],
  [8, "WEBP"],
  [0, "\xff\x0a"], // JPEG XL
  [4, "JXL "],
  [4, "jP  "], // JPEG 2000
  [4, "ftyp"], // MP4, MOV, HEIC, AVIF
  [0, "\x1a\x45\xdf\xa3"], // Matroska, WebM
  [8, "AVI LIST"],
  [0, "OggS"],
  [0, "fLaC"],
  [0, "ID3"], // MP3
  [0, "\x1f\x8b"], // gzip
  [0, "BZh"],
  [0, "\xfd7zXZ\0"],
  [0, "7z\xbc\xaf\x27\x1c"],
  [0, "Rar!\x1a\x07"],
  [0, "\x28\xb5\x2f\xfd"], // zstd
  [0, "\x04\x22\x4d\x18"], // lz4
  [0, "PAR1"], // Parquet
];

const zipEntry = "PK\x03\x04";
const zipMethodAt = 8;
const longestMagic = 16;
const hopeless = 0.95;
const triedOfHopeless = 8;

/**
 * Decides, for the chunks of one file in turn, which are worth a try at compression: none of a format that is
 * compressed already, one in 8 while those tried before shrank by less than 5 %, otherwise every one.
 */
export class CompressionProbe {
  readonly #compressed: boolean;
  #ratio = 0;
  #sinceTry = 0;

  /** `firstBytes`: the beginning of the file; 16 bytes are enough. */
  constructor(firstBytes: Uint8Array) {
    this.#compressed = isCompressed(firstBytes);
  }

  /** Whether to try the next chunk. Ask once per chunk. */
  wants(): boolean {
    if (this.#compressed) return false;
    if (this.#ratio <= hopeless) return true;
    this.#sinceTry = (this.#sinceTry + 1) % triedOfHopeless;
    return this.#sinceTry === 0;
  }

  /** What a try came to, in bytes; `stored` equals `plain` if it was not worth keeping. */
  note(plain: number, stored: number): void {
    const ratio = stored / plain;
    this.#ratio = this.#ratio === 0 ? ratio : (this.#ratio + ratio) / 2;
  }
}

function isCompressed(firstBytes: Uint8Array): boolean {
  const start = Buffer.from(firstBytes.subarray(0, longestMagic)).toString("latin1");
  // A zip may hold its entries as they are, and those that PyTorch and NumPy write do.
  if (start.startsWith(zipEntry)) return start.charCodeAt(zipMethodAt) !== 0;
  return compressedFormats.some(([offset, magic]) => start.startsWith(magic, offset));
}
