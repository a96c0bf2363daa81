import type { FileState } from "../util/file-state.ts";
import type { LinkChanges } from "../util/link-changes.ts";
import { entryField } from "./index-file.ts";
import { holdsField, holdsTime, putTime } from "./stat-field.ts";

/**
 * Entries of files that changed nothing but their change time, by a link of ours that came or went. One whose change time is another than the file had
 * immediately before stays as it is: somebody else changed that file since git looked, and git must see it.
 */
export class LinkedEntries {
  readonly #links: LinkChanges;
  #bytes: Buffer = Buffer.alloc(0);
  #offset = 0;
  readonly #isKnown = (after: FileState, row: number) => this.#isBefore(after, this.#links.ctimeBefore(row));

  constructor(links: LinkChanges) {
    this.#links = links;
  }

  /** Gives the entry that begins there the change time its file has now. Answers whether that changes it; undefined when it is not one of these. */
  put(bytes: Buffer, offset: number): boolean | undefined {
    if (this.#links.count === 0) return undefined;
    this.#bytes = bytes;
    this.#offset = offset;
    const row = this.#links.find(bytes.readUInt32BE(offset + entryField.ino), this.#isKnown);
    if (row < 0) return undefined;
    return putTime(bytes, offset + entryField.ctimeSeconds, this.#links.after(row).ctimeNs) > 0;
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
