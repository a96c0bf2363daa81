import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isMlgitError } from "../error/mlgit-error.ts";
import { Mirror } from "./mirror.ts";
import { loadPiece } from "./pack-objects.ts";
import type { RemoteRepository } from "./remote-repository.ts";
import type { Root } from "./root.ts";

export interface Fault {
  /** What it is about: `root`, `git/packs/…`, `history`. */
  readonly what: string;
  readonly message: string;
}

export interface CheckReport {
  readonly root: Root | undefined;
  readonly pieces: number;
  readonly faults: readonly Fault[];
  /** Retired pieces that are gone: readers who are behind fetch more, nothing is lost. */
  readonly missingRetired: number;
}

/** Reads every byte that the root lists, and puts the history together from nothing else. */
export async function check(remote: RemoteRepository): Promise<CheckReport> {
  const faults: Fault[] = [];
  const note = (what: string) => (error: unknown) => {
    // A network that is down is no damage.
    if (!isMlgitError(error) || !["corrupt", "missing", "unsupported"].includes(error.kind)) throw error;
    faults.push({ what, message: error.message });
    return undefined;
  };
  const root = (await remote.readExisting().catch(note("root")))?.root;
  if (!root) return { root, pieces: 0, faults, missingRetired: 0 };
  const pieces = root.packs.flatMap((pack) => pack.pieces);
  for (const piece of pieces) await loadPiece(remote.backend, piece, remote.signal).catch(note(`git/packs/${piece}`));
  if (faults.length === 0) await checkHistory(remote, root).catch(note("history"));
  const retired = root.retired.flatMap(({ packs }) => packs.flatMap((pack) => pack.pieces));
  return { root, pieces: pieces.length, faults, missingRetired: await countMissing(remote, retired) };
}

async function checkHistory(remote: RemoteRepository, root: Root): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "mlgit-fsck-"));
  try {
    const { backend, signal } = remote;
    await Mirror.open(folder, remote.url, root).sync(root, { backend, ...(signal ? { signal } : {}) });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function countMissing(remote: RemoteRepository, pieces: readonly string[]): Promise<number> {
  let missing = 0;
  for (const piece of pieces)
    await remote.backend.stat({ type: "git", name: `packs/${piece}` }, remote.signal).catch((error) => {
      if (!remote.backend.isNotFound(error)) throw error;
      missing++;
    });
  return missing;
}
