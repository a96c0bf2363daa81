import { join } from "node:path";
import { gitIn, type Repository } from "../git/repository.ts";
import { emptyOid, hexOf } from "./artifact.ts";
import { type FolderArtifact, IndexFile, type IndexRow, type Step } from "./index-file.ts";
import { writeIndexFile } from "./index-write.ts";
import { readFiles } from "./read-files.ts";
import { parseRecord, type StoredRecord } from "./record.ts";
import type { RunFile } from "./run-record.ts";
import { damagedRecord, idOfPath, pathOfId, readRecords, runsRef, runsTip } from "./run-store.ts";

/** So many new records are kept in memory beside the file; with more it is written again. */
const mostNew = 500;

/**
 * Which records use and make what, over all that are known here: a throw-away file, and what came since it was written.
 * Oids are hex, without `sha256:`.
 */
export class LineageIndex {
  readonly #repository: Repository;
  readonly #file: IndexFile | undefined;
  readonly #fresh: readonly IndexRow[];
  readonly #read: Map<string, StoredRecord>;

  private constructor(repository: Repository, file: IndexFile | undefined, fresh: readonly StoredRecord[]) {
    this.#repository = repository;
    this.#file = file;
    this.#fresh = fresh.map(toRow);
    this.#read = new Map(fresh.map((one) => [one.id, one]));
  }

  /** Opens the index of a repository, brought up to date with its records' ref, or with the commit that this is known to be at. */
  static async open(repository: Repository, known?: string): Promise<LineageIndex> {
    const tip = known ?? (await runsTip(repository));
    if (tip === undefined) return new LineageIndex(repository, undefined, []);
    const path = join(repository.commonDir, "mlgit-lineage", "index");
    const file = IndexFile.read(path);
    if (file?.tip === tip) return new LineageIndex(repository, file, []);
    const fresh = file && (await recordsSince(repository, file.tip, tip));
    if (file && fresh && fresh.length <= mostNew) return new LineageIndex(repository, file, fresh);
    const rows = file && fresh ? [...file.rows(), ...fresh.map(toRow)] : await allRows(repository, tip);
    // What lies there now may be another process's, of an older commit.
    return new LineageIndex(repository, IndexFile.parse(writeIndexFile(path, tip, rows)), []);
  }

  /** Records that read an artifact. */
  usersOf(oid: string): string[] {
    return [...(this.#file?.usersOf(oid) ?? []), ...this.#freshWith((row) => row.uses.includes(oid))];
  }

  /** Records that wrote an artifact. */
  makersOf(oid: string): string[] {
    return [...(this.#file?.makersOf(oid) ?? []), ...this.#freshWith((row) => row.makes.includes(oid))];
  }

  /** All marks. */
  get marks(): string[] {
    return [...(this.#file?.marks ?? []), ...this.#freshWith((row) => row.word === "mark")];
  }

  /** All runs of kind `deploy`. */
  get deploys(): string[] {
    return [...(this.#file?.deploys ?? []), ...this.#freshWith((row) => row.word === "deploy")];
  }

  /** Folders that runs read or wrote as a whole. */
  get folders(): FolderArtifact[] {
    return [...(this.#file?.folders ?? []), ...this.#fresh.flatMap(({ folders }) => folders)];
  }

  artifactsLike(prefix: string): string[] {
    const fresh = this.#fresh.flatMap(({ uses, makes }) => [...uses, ...makes]);
    const found = [...(this.#file?.artifactsLike(prefix) ?? []), ...fresh.filter((oid) => oid.startsWith(prefix))];
    return [...new Set(found)];
  }

  recordsLike(prefix: string): string[] {
    return [...(this.#file?.recordsLike(prefix) ?? []), ...this.#freshWith(({ id }) => id.startsWith(prefix))];
  }

  /** Records by their names, in the same order. @throws MlgitError kind `corrupt` for one that is not here. */
  async read(ids: readonly string[]): Promise<StoredRecord[]> {
    const unread = [...new Set(ids)].filter((id) => !this.#read.has(id));
    for (const one of await readNamed(this.#repository, unread)) this.#read.set(one.id, one);
    return ids.flatMap((id) => this.#read.get(id) ?? []);
  }

  /**
   * Reads at once the records that are met on the way from some artifacts, so many runs deep: each time that records are read takes a process. Those that only folders
   * lead to are not among them.
   */
  async readAhead(oids: readonly string[], direction: "up" | "down", depth: number): Promise<void> {
    const ids = new Set<string>();
    const seen = new Set([hexOf(emptyOid)]);
    let frontier = distinctNew(oids, seen);
    for (let level = 0; level < depth && frontier.length > 0; level++) {
      const steps = new Map(frontier.flatMap((oid) => this.#stepsFrom(oid, direction)).map((one) => [one.id, one]));
      const fresh = [...steps.values()].filter(({ id }) => !ids.has(id));
      for (const { id } of fresh) ids.add(id);
      frontier = distinctNew(
        fresh.flatMap((one) => one.next()),
        seen,
      );
    }
    await this.read([...ids]);
  }

  #stepsFrom(oid: string, direction: "up" | "down"): Step[] {
    const isHere = ({ uses, makes }: IndexRow) => (direction === "up" ? makes : uses).includes(oid);
    const fresh = this.#fresh
      .filter(isHere)
      .map(({ id, uses, makes }) => ({ id, next: () => (direction === "up" ? uses : makes) }));
    return [...(this.#file?.stepsFrom(oid, direction) ?? []), ...fresh];
  }

  #freshWith(wanted: (row: IndexRow) => boolean): string[] {
    return this.#fresh.filter(wanted).map(({ id }) => id);
  }
}

/** What was not seen before, which it is then. */
function distinctNew(oids: readonly string[], seen: Set<string>): string[] {
  const fresh = [...new Set(oids)].filter((oid) => !seen.has(oid));
  for (const oid of fresh) seen.add(oid);
  return fresh;
}

/** The records that one commit of the ref has and an older one has not; undefined when the older one is not its ancestor, or gone. */
async function recordsSince(repository: Repository, old: string, tip: string): Promise<StoredRecord[] | undefined> {
  const args = ["diff-tree", "-r", "-z", "--no-renames", "--name-status", "--end-of-options", old, tip];
  const { code, stdout } = await gitIn(repository, args, { okCodes: [0, 128] });
  if (code !== 0) return undefined;
  const words = stdout.toString("latin1").split("\0");
  const changes = Array.from({ length: words.length >> 1 }, (_, i) => [words[2 * i], words[2 * i + 1]] as const);
  if (changes.some(([status]) => status !== "A")) return undefined;
  const ids = changes.flatMap(([, path]) => idOfPath(path ?? "") ?? []);
  return readNamed(repository, ids);
}

async function readNamed(repository: Repository, ids: readonly string[]): Promise<StoredRecord[]> {
  const files = await readFiles(repository, runsRef, ids.map(pathOfId));
  return ids.flatMap((id, i) => {
    const bytes = files[i];
    if (!bytes) throw damagedRecord(id);
    const record = parseRecord(id, bytes);
    return record ? [{ id, record }] : [];
  });
}

/** Of that commit: what others add meanwhile is not to be taken for its own, or it would be met twice. */
async function allRows(repository: Repository, tip: string): Promise<IndexRow[]> {
  const rows: IndexRow[] = [];
  for await (const one of readRecords(repository, tip)) rows.push(toRow(one));
  return rows;
}

/** Called for each of maybe a hundred thousand. */
function toRow({ id, record }: StoredRecord): IndexRow {
  if (record.type === "mark") return { id, word: "mark", uses: [], makes: [], folders: [] };
  const folders = [record.in, record.out].flatMap((files) => files.filter(isFolder));
  return {
    id,
    word: record.kind === "deploy" ? "deploy" : "run",
    uses: hexOfFiles(record.in),
    makes: hexOfFiles(record.out),
    folders: folders.map(({ path, oid }) => ({ path, oid: hexOf(oid) })),
  };
}

const wholeOid = /^sha256:[0-9a-f]{64}$/;

function isFolder({ mode, oid }: RunFile): boolean {
  return mode === "040000" && wholeOid.test(oid);
}

function hexOfFiles(files: readonly RunFile[]): string[] {
  const found: string[] = [];
  for (const { oid } of files) if (wholeOid.test(oid)) found.push(hexOf(oid));
  return found;
}
