import { MlgitError } from "../error/mlgit-error.ts";
import type { BlobSet } from "../git/blob-set.ts";
import { type ScanRange, type SmallBlob, scanPointers } from "../git/pointer-scan.ts";
import type { Repository } from "../git/repository.ts";
import { parsePointer } from "../pointer/pointer.ts";
import { ContentMap } from "../transfer/content-map.ts";
import { counted } from "../util/counted.ts";

/**
 * The contents that the commits of a range name and, as far as rev-list can tell, those before it do not.
 * @throws MlgitError kind `missing` when a partial clone lacks objects of the range, unless `lacking` says to leave them out: what is not
 * known to need no data must not be pushed. `pointers` is told the blobs that name them.
 */
export async function contentsOf(
  repository: Repository,
  range: ScanRange,
  lacking: "refuse" | "leave-out" = "refuse",
  pointers?: Pick<BlobSet, "add">,
): Promise<ContentMap> {
  const wanted = new ContentMap();
  let missing = 0;
  const onMissing = (blob: string) => {
    missing += 1;
    range.onMissing?.(blob);
  };
  const take = ({ blob, bytes, path }: SmallBlob) => {
    const pointer = parsePointer(bytes);
    if (!pointer) return;
    wanted.add({ ...pointer, path: Buffer.from(path, "latin1").toString("utf8") });
    pointers?.add(blob);
  };
  for await (const blobs of scanPointers(repository, { ...range, onMissing })) for (const one of blobs) take(one);
  if (missing > 0 && lacking === "refuse")
    throw new MlgitError(
      "missing",
      `${counted(missing, "object of these commits is", "objects of these commits are")} not in this partial clone, so ${missing === 1 ? "its" : "their"} data is not known`,
      {
        hint: "git fetch --refetch --no-filter brings them; or do this in a full clone",
      },
    );
  return wanted;
}
