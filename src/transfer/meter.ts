/** Told of the progress of a transfer: what a progress line shows. */
export interface Meter {
  /** Sets the totals; may be called again when they become known better. */
  total(files: number, bytes: number): void;
  advance(files: number, bytes: number): void;
}

export const silentMeter: Meter = { total() {}, advance() {} };
