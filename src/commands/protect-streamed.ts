import { mayBeEntity } from "../entity/entity-path.ts";
import { blobOid } from "../git/blob-pack.ts";
import { type StampEntry, stampIndex } from "../git/index-stamp.ts";
import { PlaceBatch } from "../hydrate/place-batch.ts";
import { protectFile } from "../hydrate/protect-file.ts";
import { formatPointer, type Pointer } from "../pointer/pointer.ts";
import { MutabilityMap } from "./mutability-map.ts";
import type { Session } from "./session.ts";

/**
 * Small files that the filter answered at once were written by git, so they can be changed like any file. Those that must not be
 * are made read-only here, after git wrote its index and the specs with it.
 */
export class StreamedFiles {
  readonly #files = new Map<string, Pointer>();

  /** Only what may belong to an entity is remembered. */
  note(path: Buffer, pointer: Pointer): void {
    const name = path.toString("latin1");
    if (mayBeEntity(name)) this.#files.set(name, pointer);
  }

  async protect(session: Session): Promise<void> {
    if (this.#files.size === 0) return;
    const repository = session.workTree;
    const map = await MutabilityMap.load(repository);
    const batch = new PlaceBatch(repository.workTree, repository.gitDir, { timesOnly: session.comparesTimesOnly });
    const stamps: StampEntry[] = [];
    for (const [name, pointer] of this.#files) {
      const path = Buffer.from(name, "latin1");
      const blob = blobOid(repository, formatPointer(pointer));
      const stat = map.isReadOnly(path, blob) ? protectFile(batch, path, pointer.size) : undefined;
      if (stat) stamps.push({ path, blob, stat });
    }
    if (stamps.length > 0) await stampIndex(repository, stamps);
  }
}
