import { openCatFile } from "../../git/cat-file.ts";
import type { Repository } from "../../git/repository.ts";
import { blobName } from "../../lineage/run-record.ts";
import type { Artifact } from "../../lineage/trace.ts";
import { parsePointer } from "../../pointer/pointer.ts";
import { treeArtifact } from "./find-artifacts.ts";

/** Of artifacts with paths, those that a revision still has there, with the same content. */
export async function stillIn(
  revision: string,
  artifacts: readonly Artifact[],
  repository: Repository,
): Promise<Artifact[]> {
  const named = artifacts.filter(({ path }) => path !== undefined);
  const cat = await openCatFile(repository);
  try {
    const names = named.map(({ path }) => `${revision}:${path}`);
    const infos = await cat.info(names);
    const found: Artifact[] = [];
    for (const [i, artifact] of named.entries()) {
      const type = infos[i]?.type;
      const oid =
        type === "tree"
          ? await treeArtifact(repository, names[i] as string)
          : type === "blob"
            ? oidOf((await cat.contents([names[i] as string]))[0]?.bytes ?? Buffer.alloc(0))
            : undefined;
      if (oid === artifact.oid) found.push(artifact);
    }
    return found;
  } finally {
    cat.close();
  }
}

function oidOf(bytes: Buffer): string {
  const pointer = parsePointer(bytes);
  return pointer ? `sha256:${pointer.oid}` : blobName(bytes);
}
