import { type ScanRange, scanPointers } from "../git/pointer-scan.ts";
import type { Repository } from "../git/repository.ts";
import { parsePointer } from "../pointer/pointer.ts";
import type { WantedContent } from "../transfer/push-content.ts";

/** The contents that the commits of a range name and, as far as rev-list can tell, those before it do not. */
export async function contentsOf(repository: Repository, range: ScanRange): Promise<Map<string, WantedContent>> {
  const wanted = new Map<string, WantedContent>();
  for await (const { bytes, path } of scanPointers(repository, range)) {
    const pointer = parsePointer(bytes);
    if (pointer && !wanted.has(pointer.oid))
      wanted.set(pointer.oid, { ...pointer, path: Buffer.from(path, "latin1").toString("utf8") });
  }
  return wanted;
}
