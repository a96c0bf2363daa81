import type { FoundFile, IndexCopy } from "./index-copy.ts";

/** Other rows of contents whose rows led to nothing; each row comes once at most, however often this is asked. */
export function nextRows(bad: readonly FoundFile[], index: IndexCopy): FoundFile[] {
  const fresh = bad.filter((row) => index.avoid(row));
  return fresh.flatMap(({ oid, pack }): FoundFile | never[] => {
    const row = index.findFile(oid);
    return row && row.pack.id !== pack.id ? row : [];
  });
}
