import { type BatchObject, BatchReader } from "./batch-reader.ts";
import { absentObjects, isPartial, noLazyFetch } from "./lazy-fetch.ts";
import { startGit, writeTo } from "./process.ts";
import { fetchAbsent } from "./promised-objects.ts";
import { cwdOf, type Repository } from "./repository.ts";

/** A long-lived `git cat-file`, asked for many objects at a time. What a partial clone lacks is fetched at once for all that are asked for together. */
export interface CatFile {
  /** Types and sizes, in the order asked; an object that is not here has the type `missing`. */
  info(oids: readonly string[]): Promise<BatchObject[]>;
  /** The same with the bytes. Ask only for as much as fits into memory. */
  contents(oids: readonly string[]): Promise<BatchObject[]>;
  /** Ends it. Safe to call twice, and after an error. */
  close(): void;
}

const none: ReadonlySet<string> = new Set();

export interface CatFileOptions {
  /** What to do about an object, asked for by its whole id, that a partial clone lacks: fetch it, or call it missing. Default: fetch. */
  readonly absent?: "fetch" | "missing";
}

/** Starts one. Its questions must not overlap: await each before the next. */
export async function openCatFile(repository: Repository, { absent = "fetch" }: CatFileOptions = {}): Promise<CatFile> {
  const format = "--batch-command=%(objectname) %(objecttype) %(objectsize)";
  const partial = await isPartial(repository);
  const env = absent === "missing" ? noLazyFetch : {};
  const git = startGit(["cat-file", "--buffer", format], { cwd: cwdOf(repository), env });
  const reader = new BatchReader(git.stdout);
  const ask = async (verb: "info" | "contents", names: readonly string[]): Promise<BatchObject[]> => {
    const missing = partial ? await absentObjects(repository, names) : none;
    if (absent === "fetch") await fetchAbsent(repository, [...missing]);
    const oids = absent === "fetch" ? names : names.filter((name) => !missing.has(name));
    // With --buffer git answers nothing before `flush`, so writing all questions first cannot block both sides.
    if (oids.length > 0) await writeTo(git, `${oids.map((oid) => `${verb} ${oid}\n`).join("")}flush\n`);
    const answers: BatchObject[] = [];
    while (answers.length < oids.length) answers.push(await reader.next(verb === "contents"));
    if (oids.length === names.length) return answers;
    const answered = answers.values();
    return names.map((name) => (missing.has(name) ? missingObject(name) : (answered.next().value as BatchObject)));
  };
  return {
    info: (oids) => ask("info", oids),
    contents: (oids) => ask("contents", oids),
    close: () => git.stop(),
  };
}

function missingObject(oid: string): BatchObject {
  return { oid, type: "missing", size: 0, rest: "", bytes: Buffer.alloc(0) };
}
