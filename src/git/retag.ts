import { type GitObject, objectOid } from "./blob-pack.ts";
import { openCatFile } from "./cat-file.ts";
import { headerOf } from "./commit-object.ts";
import type { Repository } from "./repository.ts";

export interface Retagged {
  /** What the ref is to name: a commit, or the last of `objects`. */
  readonly oid: string;
  /** New tag objects, inner ones first. */
  readonly objects: readonly GitObject[];
  /** A signature was left out. */
  readonly unsigned: boolean;
}

/** What a tag comes to when commits are replaced; undefined when it stays as it is. Message, tagger and date stay. */
export async function retag(
  repository: Repository,
  oid: string,
  commits: ReadonlyMap<string, string>,
): Promise<Retagged | undefined> {
  const cat = await openCatFile(repository);
  try {
    const chain: Buffer[] = [];
    let at = oid;
    for (;;) {
      const [object] = await cat.contents([at]);
      if (object?.type !== "tag") break;
      chain.unshift(Buffer.from(object.bytes));
      at = headerOf(object.bytes, "object") ?? "";
    }
    const commit = commits.get(at);
    return commit === undefined ? undefined : rebuild(repository, chain, commit);
  } finally {
    cat.close();
  }
}

const signature = /^-----BEGIN (PGP|SSH) SIGNATURE-----$/m;

function rebuild(repository: Repository, chain: readonly Buffer[], commit: string): Retagged {
  const objects: GitObject[] = [];
  let oid = commit;
  let unsigned = false;
  for (const bytes of chain) {
    const text = bytes.toString("latin1").replace(/^object [0-9a-f]+/, `object ${oid}`);
    const signed = signature.exec(text);
    unsigned ||= signed !== null;
    const object: GitObject = {
      type: "tag",
      bytes: Buffer.from(signed ? text.slice(0, signed.index) : text, "latin1"),
    };
    objects.push(object);
    oid = objectOid(repository, object);
  }
  return { oid, objects, unsigned };
}
