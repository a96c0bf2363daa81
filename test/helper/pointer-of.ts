import { createHash } from "node:crypto";

/** The oid of some bytes: 64 hex digits. */
export function oidOf(bytes: string | Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** The pointer of some bytes, by docs/format/pointer.md and not by the code under test. */
export function pointerOf(bytes: string | Uint8Array): string {
  return `version mlgit/1\noid sha256:${oidOf(bytes)}\nsize ${Buffer.byteLength(bytes)}\n`;
}
