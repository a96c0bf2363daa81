import type { ObjectFormat } from "./repository.ts";

/** One line of a tree: `<mode> SP <name> NUL <raw id>`. */
export interface TreeEntry {
  /** As the object has it: `40000` for a folder, `100644`, `100755`, `120000`, `160000`. */
  readonly mode: string;
  /** Raw bytes, one component. */
  readonly name: Buffer;
  /** Hex. */
  readonly oid: string;
}

export const treeMode = "40000";

/** The entries of a tree object, as copies. */
export function parseTree(bytes: Buffer, format: ObjectFormat): TreeEntry[] {
  const idLength = format === "sha256" ? 32 : 20;
  const entries: TreeEntry[] = [];
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const nul = bytes.indexOf(0, space);
    const end = nul + 1 + idLength;
    entries.push({
      mode: bytes.toString("latin1", at, space),
      name: Buffer.from(bytes.subarray(space + 1, nul)),
      oid: bytes.toString("hex", nul + 1, end),
    });
    at = end;
  }
  return entries;
}

/** The bytes of a tree. Entries may come in any order; git's is by name, folders as if they ended in a slash. */
export function formatTree(entries: readonly TreeEntry[]): Buffer {
  const keyed = entries.map((entry) => ({ entry, key: sortKey(entry) }));
  keyed.sort((a, b) => Buffer.compare(a.key, b.key));
  return Buffer.concat(
    keyed.flatMap(({ entry: { mode, name, oid } }) => [
      Buffer.from(`${mode} `, "latin1"),
      name,
      Buffer.of(0),
      Buffer.from(oid, "hex"),
    ]),
  );
}

function sortKey({ mode, name }: TreeEntry): Buffer {
  return mode === treeMode ? Buffer.concat([name, Buffer.from("/")]) : name;
}
