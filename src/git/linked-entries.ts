import type { FileState } from "../util/file-state.ts";
import type { LinkChanges } from "../util/link-changes.ts";
import { entryField } from "./index-file.ts";
import { holdsField, holdsTime, putTime } from "./stat-field.ts";

/**
 * Entries of files that changed nothing but their change time, by a link of ours that came or went. One whose change time is another than the file had
 * immediately before stays as it is: somebody else changed that file since git looked, and git must see it.
 */
export class LinkedEntries {
  readonly #bytes: Buffer;
  readonly #links: LinkChanges;
  readonly #found: { readonly offset: number; readonly row: number }[] = [];
  #offset = 0;
  readonly #isKnown = (after: FileState, row: number) => this.#isBefore(after, this.#links.ctimeBefore(row));

  constructor(bytes: Buffer, links: LinkChanges) {
    this.#bytes = bytes;
    this.#links = links;
  }

  look(offset: number): void {
    this.#offset = offset;
    const row = this.#links.find(this.#bytes.readUInt32BE(offset + entryField.ino), this.#isKnown);
    if (row >= 0) this.#found.push({ offset, row });
  }

  put(): { readonly changed: boolean; readonly newest: number } {
    let [changed, newest] = [false, 0];
    for (const { offset, row } of this.#found) {
      if (putTime(this.#bytes, offset + entryField.ctimeSeconds, this.#links.after(row).ctimeNs) > 0) changed = true;
      newest = Math.max(newest, this.#bytes.readUInt32BE(offset + entryField.mtimeSeconds));
    }
    return { changed, newest };
  }

  #isBefore({ dev, ino, size, mtimeNs }: FileState, ctimeNs: bigint): boolean {
    const [bytes, at] = [this.#bytes, this.#offset];
    return (
      holdsField(bytes, at + entryField.dev, dev) &&
      holdsField(bytes, at + entryField.ino, ino) &&
      holdsField(bytes, at + entryField.size, size) &&
      holdsTime(bytes, at + entryField.mtimeSeconds, mtimeNs) &&
      holdsTime(bytes, at + entryField.ctimeSeconds, ctimeNs)
    );
  }
}
