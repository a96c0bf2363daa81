import { randomUUID } from "node:crypto";
import type { Backend } from "../../backend/backend.ts";
import { chunking } from "../../chunk/gear.ts";
import { isMlgitError, MlgitError } from "../../error/mlgit-error.ts";
import { collectText } from "../../util/collect-text.ts";

/** What `mlgit.json` says: docs/format/store.md. */
export interface StoreMarker {
  readonly format: number;
  readonly id: string;
  readonly hash: string;
  readonly chunkHash: string;
  readonly chunker: { readonly name: string; readonly min: number; readonly average: number; readonly max: number };
  /** What the place was found to keep in a race; null where nobody tried. */
  readonly guarantees: { readonly exclusiveCreate: boolean | null; readonly compareAndSwap: boolean | null };
}

const handle = { type: "format", name: "mlgit.json" } as const;
const chunker = { name: "gear64", ...chunking };

/** Reads the marker; undefined where no store is. @throws MlgitError kind `unsupported`, `corrupt`, or the backend's. */
export async function readMarker(backend: Backend, signal?: AbortSignal): Promise<StoreMarker | undefined> {
  let text: string;
  try {
    text = await backend.load(handle, undefined, collectText, signal);
  } catch (error) {
    if (backend.isNotFound(error)) return undefined;
    throw error;
  }
  return parse(text, backend.location);
}

/** Makes the store, or finds the one that somebody else made at the same moment. */
export async function createMarker(
  backend: Backend,
  guarantees: StoreMarker["guarantees"],
  signal?: AbortSignal,
): Promise<StoreMarker> {
  const marker: StoreMarker = { format: 1, id: randomUUID(), hash: "sha256", chunkHash: "blake3", chunker, guarantees };
  const body = Buffer.from(`${JSON.stringify(marker, null, 2)}\n`);
  try {
    await backend.save(handle, body, { ifAbsent: true, ...(signal ? { signal } : {}) });
  } catch (error) {
    if (!isMlgitError(error) || error.kind !== "conflict") throw error;
  }
  // Whoever won: both go on with what is there.
  const found = await readMarker(backend, signal);
  if (!found)
    throw new MlgitError("unreachable", `${backend.location} does not show what was just written to it`, {
      hint: "run `git mlgit store test`",
    });
  return found;
}

function parse(text: string, location: string): StoreMarker {
  if (/^\s*</.test(text))
    throw new MlgitError("unreachable", `what answers at ${location} is a web page and not a store`, {
      path: "mlgit.json",
      hint: "check the store's URL; where it is right, the network or the server may want you to sign in first",
    });
  let marker: StoreMarker;
  try {
    marker = JSON.parse(text) as StoreMarker;
  } catch (error) {
    throw damaged(`mlgit.json of ${location} is not JSON`, error);
  }
  if (typeof marker?.format !== "number") throw damaged(`mlgit.json of ${location} says no format`);
  if (marker.format !== 1)
    throw new MlgitError(
      "unsupported",
      `the store ${location} has format ${marker.format}; this mlgit knows format 1`,
      {
        path: "mlgit.json",
        hint: "install the newest mlgit",
      },
    );
  if (typeof marker.id !== "string" || !/^[0-9A-Za-z-]{1,64}$/.test(marker.id))
    throw damaged(`mlgit.json of ${location} has no usable id`);
  return marker;
}

/** Nothing in packs and index leads to the marker, so another one serves as well. But a person has to look: what was cut may have been of a newer format. */
function damaged(message: string, cause?: unknown): MlgitError {
  return new MlgitError("corrupt", message, {
    path: "mlgit.json",
    hint: "move that one file away from the store, and run `git mlgit push --all` in a clone that has the data: it writes a new one, and all else in the store stays as it is",
    cause,
  });
}

/** @throws MlgitError kind `unsupported` unless this program may write to the store. */
export function assertWritable(marker: StoreMarker, location: string): void {
  const theirs = JSON.stringify([
    marker.hash,
    marker.chunkHash,
    marker.chunker?.name,
    marker.chunker?.min,
    marker.chunker?.average,
    marker.chunker?.max,
  ]);
  const ours = JSON.stringify(["sha256", "blake3", chunker.name, chunker.min, chunker.average, chunker.max]);
  if (theirs === ours) return;
  throw new MlgitError("unsupported", `the store ${location} cuts or names chunks in another way: ${theirs}`, {
    path: "mlgit.json",
    hint: "install the newest mlgit",
  });
}
