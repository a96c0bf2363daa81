import type { ListedFile } from "./run-record.ts";

/** Where a question begins. */
export interface Artifact {
  /** `sha256:<hex>`. */
  readonly oid: string;
  /** Relative to the top; undefined where only the oid is known. */
  readonly path?: string | undefined;
  /** Of a folder that no run may know: what it holds. */
  readonly files?: readonly ListedFile[];
}
