import { openCatFile } from "../../git/cat-file.ts";
import type { Repository } from "../../git/repository.ts";
import { listIndex } from "../../git/tree-scan.ts";

/** Texts by path, one character a byte. */
export type IndexTexts = ReadonlyMap<string, string>;

/** The small files of the index that match glob patterns, such as every .gitignore. */
export async function readTexts(repository: Repository, globs: readonly string[]): Promise<IndexTexts> {
  const files: { path: string; blob: string }[] = [];
  for await (const { path, blob } of listIndex(
    repository,
    globs.map((glob) => `:(top,glob)${glob}`),
  ))
    files.push({ path: path.toString("utf8"), blob });
  const cat = await openCatFile(repository);
  try {
    const texts = new Map<string, string>();
    for (const [i, { bytes }] of (await cat.contents(files.map(({ blob }) => blob))).entries())
      texts.set(files[i]?.path ?? "", bytes.toString("latin1"));
    return texts;
  } finally {
    cat.close();
  }
}
