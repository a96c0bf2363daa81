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

/** Empty files are the same everywhere and connect nothing. */
export const emptyOid = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/** An oid without its `sha256:`. */
export function hexOf(oid: string): string {
  return oid.startsWith("sha256:") ? oid.slice("sha256:".length) : oid;
}
