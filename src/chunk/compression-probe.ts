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
const promising = 0.8;
/** Of hopeless chunks one in so many is tried, and less often while that is in vain. */
const tryOneIn = { first: 8, most: 64 } as const;

/** How tries went so far. */
export interface CompressionHistory {
  ratio: number;
  /** Chunks since the last try, and of how many one is tried while it is hopeless. */
  sinceTry: number;
  oneIn: number;
}

const mostKinds = 256;

/** What is known of each kind of files: of small ones each has too few chunks to learn from, and there are many. */
export class CompressionHistories {
  readonly #kinds = new Map<string, CompressionHistory>();

  /** Of one kind; a new one where there are so many kinds that the word must mean something else. */
  of(kind: string): CompressionHistory {
    const known = this.#kinds.get(kind) ?? newHistory();
    if (this.#kinds.size < mostKinds) this.#kinds.set(kind, known);
    return known;
  }
}

function newHistory(): CompressionHistory {
  return { ratio: 0, sinceTry: 0, oneIn: tryOneIn.first };
}

/**
 * Decides, for the chunks of one file in turn, which are worth a try at compression: none of a format that is
 * compressed already, one in 8 and then fewer, down to one in 64, while those tried before shrank by less than 5 %, otherwise every one.
 */
export class CompressionProbe {
  readonly #compressed: boolean;
  readonly #history: CompressionHistory;

  /** `firstBytes`: the beginning of the file; 16 bytes are enough. `history`: of files like it, which this one becomes part of. */
  constructor(firstBytes: Uint8Array, history: CompressionHistory = newHistory()) {
    this.#compressed = isCompressed(firstBytes);
    this.#history = history;
  }

  /** Whether those tried before shrank so much that the next ones will be tried, however they come out. */
  get shrinks(): boolean {
    return !this.#compressed && this.#history.ratio > 0 && this.#history.ratio < promising;
  }

  /** Whether to try the next chunk. Ask once per chunk. */
  wants(): boolean {
    if (this.#compressed) return false;
    const history = this.#history;
    if (history.ratio <= hopeless) return true;
    history.sinceTry++;
    return history.sinceTry >= history.oneIn;
  }

  /** What a try came to, in bytes; `stored` equals `plain` if it was not worth keeping. */
  note(plain: number, stored: number): void {
    const ratio = stored / plain;
    const history = this.#history;
    const inVain = history.ratio > hopeless && ratio > hopeless;
    history.oneIn = inVain ? Math.min(2 * history.oneIn, tryOneIn.most) : tryOneIn.first;
    history.sinceTry = 0;
    history.ratio = history.ratio === 0 ? ratio : (history.ratio + ratio) / 2;
  }
}

/** Bytes that one of them has where it begins, offset times 256 added: most files are no such thing, and there may be a million. */
const possible = new Set(
  [[0, zipEntry] as const, ...compressedFormats].map(([at, magic]) => 256 * at + magic.charCodeAt(0)),
);
const offsets = [...new Set([...possible].map((one) => one >> 8))];

function isCompressed(firstBytes: Uint8Array): boolean {
  if (!offsets.some((at) => possible.has(256 * at + (firstBytes[at] ?? -1)))) return false;
  const start = Buffer.from(firstBytes.subarray(0, longestMagic)).toString("latin1");
  // A zip may hold its entries as they are, and those that PyTorch and NumPy write do.
  if (start.startsWith(zipEntry)) return start.charCodeAt(zipMethodAt) !== 0;
  return compressedFormats.some(([offset, magic]) => start.startsWith(magic, offset));
}
