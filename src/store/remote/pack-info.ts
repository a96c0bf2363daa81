import type { FileRow } from "../index/segment.ts";

/** A pack as an index names it. */
export interface PackInfo {
  readonly id: string;
  /** Bytes. */
  readonly size: number;
  /** Entries. */
  readonly count: number;
}

/** Where a file lies, or its manifest. */
export interface FoundFile extends Omit<FileRow, "pack"> {
  readonly pack: PackInfo;
}
