import { createHash } from "node:crypto";
import { copyInto } from "../util/aligned.ts";
import { gearWasm } from "./gear-wasm.ts";

/** Chunk sizes in bytes. Frozen in the format: docs/format/chunking.md. */
export const chunking = { min: 32_768, average: 65_536, max: 196_608 } as const;

const page = 65_536;
/** Where the caller's bytes begin in the memory: after the gear table, on a boundary that reads like. */
const bufferStart = 4096;

type Cut = (start: number, end: number) => number;

let wasmModule: WebAssembly.Module | undefined;
let gearTable: Uint8Array | undefined;

/** Finds chunk boundaries in bytes that the caller puts into `buffer`. Keeps nothing between calls. */
export class Chunker {
  /** The memory to read a file into. A view on shared memory: it can be hashed and written in place, not transferred. */
  readonly buffer: Buffer;
  /** What `buffer` is a view on. */
  readonly memory: WebAssembly.Memory;
  readonly #cut: Cut;

  /** `capacity`: bytes of `buffer`; at least `chunking.max`, or the longest file if that is less. `memory`: that of such a chunker of another thread. */
  constructor(capacity: number, memory: WebAssembly.Memory = memoryFor(capacity)) {
    this.memory = memory;
    this.buffer = Buffer.from(memory.buffer, bufferStart, capacity);
    this.#cut = new WebAssembly.Instance(loadModule(), { env: { memory } }).exports.cut as Cut;
  }

  /**
   * The end, an offset in `buffer`, of the chunk that begins at `start`, looking at no byte from `end` on.
   * `final`: the file ends at `end`. 0 when more bytes are needed to know; never so if `final` or if
   * `end - start >= chunking.max`. Call again with the same chunk start once there are more bytes.
   */
  nextCut(start: number, end: number, final: boolean): number {
    if (!(start >= 0 && start < end && end <= this.buffer.length)) throw new RangeError(`no chunk in ${start}..${end}`);
    const cut = this.#cut(bufferStart + start, bufferStart + end) - bufferStart;
    return cut < end || final || end - start >= chunking.max ? cut : 0;
  }
}

function memoryFor(capacity: number): WebAssembly.Memory {
  const pages = Math.ceil((bufferStart + capacity) / page);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  new Uint8Array(memory.buffer).set(loadTable());
  return memory;
}

/** The ends of all chunks of a whole file held in memory, the last one its length; none for an empty file. */
export function cutsOf(bytes: Uint8Array): number[] {
  if (bytes.length === 0) return [];
  if (bytes.length <= chunking.min) return [bytes.length];
  const chunker = new Chunker(bytes.length);
  copyInto(chunker.buffer, bytes, 0);
  const cuts: number[] = [];
  for (let start = 0; start < bytes.length; start = cuts[cuts.length - 1] as number) {
    cuts.push(chunker.nextCut(start, bytes.length, true));
  }
  return cuts;
}

function loadModule(): WebAssembly.Module {
  wasmModule ??= new WebAssembly.Module(Buffer.from(gearWasm, "base64"));
  return wasmModule;
}

function loadTable(): Uint8Array {
  if (gearTable) return gearTable;
  gearTable = new Uint8Array(256 * 8);
  for (let byte = 0; byte < 256; byte++) {
    const digest = createHash("sha256").update("mlgit gear 1").update(Uint8Array.of(byte)).digest();
    gearTable.set(digest.subarray(0, 8), byte * 8);
  }
  return gearTable;
}
