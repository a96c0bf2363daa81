import { type BatchObject, BatchReader } from "./batch-reader.ts";
import { withoutLazyFetch } from "./lazy-fetch.ts";
import { startGit, writeTo } from "./process.ts";
import { cwdOf, type Repository } from "./repository.ts";

/** A long-lived `git cat-file`, asked for many objects at a time. Never fetches what a partial clone lacks. */
export interface CatFile {
  /** Types and sizes, in the order asked; an object that is not here has the type `missing`. */
  info(oids: readonly string[]): Promise<BatchObject[]>;
  /** The same with the bytes. Ask only for as much as fits into memory. */
  contents(oids: readonly string[]): Promise<BatchObject[]>;
  /** Ends it. Safe to call twice, and after an error. */
  close(): void;
}

/** Starts one. Its questions must not overlap: await each before the next. */
export async function openCatFile(repository: Repository): Promise<CatFile> {
  const lazy = await withoutLazyFetch(repository);
  const format = "--batch-command=%(objectname) %(objecttype) %(objectsize)";
  const git = startGit([...lazy, "cat-file", "--buffer", format], { cwd: cwdOf(repository) });
  const reader = new BatchReader(git.stdout);
  const ask = async (verb: "info" | "contents", oids: readonly string[]): Promise<BatchObject[]> => {
    // With --buffer git answers nothing before `flush`, so writing all questions first cannot block both sides.
    if (oids.length > 0) await writeTo(git, `${oids.map((oid) => `${verb} ${oid}\n`).join("")}flush\n`);
    const answers: BatchObject[] = [];
    while (answers.length < oids.length) answers.push(await reader.next(verb === "contents"));
    return answers;
  };
  return {
    info: (oids) => ask("info", oids),
    contents: (oids) => ask("contents", oids),
    close: () => git.stop(),
  };
}
