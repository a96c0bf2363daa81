import { join } from "node:path";
import { isMlgitError } from "../../error/mlgit-error.ts";
import { readAttributes } from "../../git/attribute-file.ts";
import { areTracked } from "../../git/check-attributes.ts";
import { quotePath } from "../../git/quote-path.ts";
import type { Repository } from "../../git/repository.ts";
import { listWorktree } from "../../git/worktree-list.ts";
import { counted } from "../../util/counted.ts";
import { encodedAmong } from "../encoded-files.ts";
import { findOtherFiles, findStrayPointers } from "../raw-files.ts";
import { bad, type Finding, ok } from "./finding.ts";

/** What lies under tracked paths and is no pointer, or would be none once it is added. */
export async function checkContents(repository: Repository & { readonly workTree: string }): Promise<Finding[]> {
  const { raw, lfs } = await findOtherFiles(repository);
  const stray = await findStrayPointers(repository);
  const encoded = await findEncoded(repository);
  const broken = new Set(encoded.map((path) => path.toString("latin1")));
  const addable = raw.map(({ path }) => path).filter((path) => !broken.has(path.toString("latin1")));
  const findings: Finding[] = [];
  if (encoded.length > 0)
    findings.push(
      bad(
        "encoding",
        `working-tree-encoding is set for ${counted(encoded.length, "tracked file", "tracked files")}, which git then refuses or stores raw: ${some(encoded)}`,
        "take working-tree-encoding out of .gitattributes for them, or git mlgit untrack <pattern>",
      ),
    );
  if (addable.length > 0)
    findings.push(
      bad(
        "content",
        `${counted(addable.length, "tracked file is in git with all its", "tracked files are in git with all their")} bytes: ${some(addable)}`,
        "git add --renormalize . && git commit",
      ),
    );
  if (lfs.length > 0)
    findings.push(
      bad(
        "git-lfs",
        `${counted(lfs.length, "tracked file is a pointer of git-lfs, whose data is not here", "tracked files are pointers of git-lfs, whose data is not here")}: ${some(lfs.map(({ path }) => path))}`,
        "git mlgit migrate git-lfs, where git-lfs or its server has the data",
      ),
    );
  if (stray.length > 0)
    findings.push(
      bad(
        "pointers",
        `${counted(stray.length, "pointer lies", "pointers lie")} where no pattern tracks the file, and no checkout puts the bytes there: ${some(stray)}`,
        "git mlgit track <pattern>, git add .gitattributes and commit, then git mlgit hydrate",
      ),
    );
  return findings.length > 0 ? findings : [ok("content", "every tracked file is a pointer in git")];
}

function some(paths: readonly Buffer[]): string {
  return paths.slice(0, 3).map(quotePath).join(", ") + (paths.length > 3 ? ", …" : "");
}

function mayEncode(file: string): boolean {
  try {
    return readAttributes(file).includes("working-tree-encoding");
  } catch (error) {
    // What cannot be read is told where patterns are counted.
    if (!isMlgitError(error)) throw error;
    return false;
  }
}

/** New files too, for git refuses to add them. Only where an attributes file has the word. */
async function findEncoded(repository: Repository & { readonly workTree: string }): Promise<Buffer[]> {
  const { workTree, commonDir } = repository;
  const files = [join(commonDir, "info", "attributes")];
  for await (const path of listWorktree(workTree, [":(top,glob)**/.gitattributes"]))
    files.push(join(workTree, path.toString("utf8")));
  if (!files.some(mayEncode)) return [];
  const paths: Buffer[] = [];
  for await (const path of listWorktree(workTree)) paths.push(Buffer.from(path));
  const tracked = await areTracked(repository, paths);
  return encodedAmong(
    repository,
    paths.filter((_, i) => tracked[i]),
  );
}
