/** A pack as an index names it. */
export interface PackInfo {
  readonly id: string;
  /** Bytes. */
  readonly size: number;
  /** Entries. */
  readonly count: number;
}
