import { hash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../util/package-root.ts";

/** The hooks we install. To add one: its shim in hooks/, a subcommand of the same name, and a word here. */
export const hookNames = [
  "pre-push",
  "pre-commit",
  "post-checkout",
  "post-merge",
  "post-rewrite",
  "post-commit",
  "post-index-change",
] as const;

export type HookName = (typeof hookNames)[number];

/** The text to install: the shim of hooks/, and a last line by which an installed shim shows that nobody edited it. */
export function hookBody(name: HookName): string {
  const shim = readShim(name);
  return `${shim}${sealPrefix}${digest(shim)}\n`;
}

/**
 * True for the shim as this version installs it, whatever its last line says: every run of the filter asks, and OpenSSL takes milliseconds for its first
 * digest.
 */
export function isCurrentShim(name: HookName, body: string): boolean {
  const shim = readShim(name);
  return body.startsWith(shim) && sealLine.test(body.slice(shim.length));
}

/** True for a shim of ours, of whatever version, that is byte for byte as it was installed: it may be replaced or removed. */
export function isOurShim(body: string): boolean {
  const at = body.lastIndexOf(`\n${sealPrefix}`) + 1;
  return at > 0 && body.slice(at) === `${sealPrefix}${digest(body.slice(0, at))}\n`;
}

/** True for a hook that somebody wrote or edited and that calls our subcommand itself. */
export function callsUs(name: HookName, body: string): boolean {
  return new RegExp(`^[^#\\n]*\\bgit[ -]mlgit\\s+(${name}|\\$hook|"\\$hook")(\\s|$)`, "m").test(body);
}

const sealPrefix = "# mlgit shim ";
const sealLine = /^# mlgit shim [0-9a-f]{64}\n$/;

/** One character a byte, as `readHook` reads what is installed. */
function readShim(name: HookName): string {
  return readFileSync(join(packageRoot(), "hooks", name), "utf8");
}

function digest(text: string): string {
  return hash("sha256", text);
}
