import { readFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import { systemCode } from "../error/mlgit-error.ts";

/*
 * The throw-away index of records, in one file:
 *   line of JSON: {magic, tip, records, artifacts, uses, makes, folders, marks, deploys, sum}; sum: CRC-32 of the line without it and of the rest
 *   records x 32 bytes: names of records
 *   artifacts x 32 bytes: oids, ascending
 *   (artifacts + 1) x u32: where the users of each artifact begin in `uses`, then `uses` x u32: records
 *   (artifacts + 1) x u32: the same for its makers
 *   (records + 1) x u32: where the artifacts that each record uses begin, then `uses` x u32: artifacts
 *   (records + 1) x u32: the same for those it makes
 * Numbers are little-endian. Whatever is wrong with the file, it is built anew.
 */
export const indexMagic = "mlgit lineage 2";
const width = 32;

/** A folder that runs read or wrote as a whole; what is in it is looked up in its listing. */
export interface FolderArtifact {
  readonly path: string;
  /** Hex. */
  readonly oid: string;
}

export interface IndexHeader {
  readonly magic: string;
  /** The commit of the records' ref that is indexed. */
  readonly tip: string;
  readonly records: number;
  readonly artifacts: number;
  readonly uses: number;
  readonly makes: number;
  readonly folders: readonly FolderArtifact[];
  readonly marks: readonly number[];
  readonly deploys: readonly number[];
  readonly sum: number;
}

/** What an index is built from: a record by its name, with the oids (hex) it names. */
export interface IndexRow {
  readonly id: string;
  readonly word: "run" | "mark" | "deploy";
  readonly uses: readonly string[];
  readonly makes: readonly string[];
  readonly folders: readonly FolderArtifact[];
}

/** A record on the way from an artifact, and what the way leads to. */
export interface Step {
  readonly id: string;
  /** Oids, hex. */
  next(): readonly string[];
}

/** Which records use and make which artifact, read from a file without taking it apart. */
export class IndexFile {
  readonly tip: string;
  readonly folders: readonly FolderArtifact[];
  readonly #header: IndexHeader;
  readonly #records: Buffer;
  readonly #artifacts: Buffer;
  readonly #uses: Edges;
  readonly #makes: Edges;
  readonly #used: Edges;
  readonly #made: Edges;

  private constructor(header: IndexHeader, body: Buffer) {
    this.#header = header;
    this.tip = header.tip;
    this.folders = header.folders;
    let at = 0;
    const take = (length: number) => {
      at += length;
      return body.subarray(at - length, at);
    };
    this.#records = take(header.records * width);
    this.#artifacts = take(header.artifacts * width);
    const edges = (rows: number, count: number) => new Edges(take((rows + 1) * 4), take(count * 4));
    this.#uses = edges(header.artifacts, header.uses);
    this.#makes = edges(header.artifacts, header.makes);
    this.#used = edges(header.records, header.uses);
    this.#made = edges(header.records, header.makes);
  }

  /** Undefined where there is none, or what is there cannot be used. */
  static read(file: string): IndexFile | undefined {
    try {
      return IndexFile.parse(readFileSync(file));
    } catch (error) {
      if (systemCode(error) !== undefined) return undefined;
      throw error;
    }
  }

  /** The same of what such a file holds. */
  static parse(bytes: Buffer): IndexFile | undefined {
    try {
      const end = bytes.indexOf(0x0a);
      const header = JSON.parse(bytes.toString("utf8", 0, end)) as IndexHeader;
      const body = bytes.subarray(end + 1);
      const { records, artifacts, uses, makes } = header;
      const length = (records + artifacts) * width + (records + artifacts + 2) * 8 + (uses + makes) * 8;
      if (header.magic !== indexMagic || body.length !== length || indexSum(header, body) !== header.sum)
        return undefined;
      return new IndexFile(header, body);
    } catch (error) {
      if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
      throw error;
    }
  }

  /** Names of the records that read an artifact (hex). */
  usersOf(oid: string): string[] {
    return this.#namesAt(oid, this.#uses);
  }

  /** Names of the records that wrote an artifact (hex). */
  makersOf(oid: string): string[] {
    return this.#namesAt(oid, this.#makes);
  }

  get marks(): string[] {
    return this.#header.marks.map((i) => this.#name(i));
  }

  get deploys(): string[] {
    return this.#header.deploys.map((i) => this.#name(i));
  }

  get size(): number {
    return this.#header.records;
  }

  /** Artifacts (hex) whose oid begins so. */
  artifactsLike(prefix: string): string[] {
    const found: string[] = [];
    const low = Buffer.from(prefix.padEnd(width * 2, "0"), "hex");
    for (let i = lowerBound(this.#artifacts, low); i < this.#header.artifacts; i++) {
      const hex = this.#artifacts.toString("hex", i * width, (i + 1) * width);
      if (!hex.startsWith(prefix)) break;
      found.push(hex);
    }
    return found;
  }

  /** Names of records that begin so. */
  recordsLike(prefix: string): string[] {
    const found: string[] = [];
    const first = Number.parseInt(prefix.slice(0, 2), 16);
    for (let i = 0; i < this.#header.records; i++)
      if (this.#records[i * width] === first && this.#name(i).startsWith(prefix)) found.push(this.#name(i));
    return found;
  }

  /** The records that made an artifact (hex), which lead to what they used; or those that used it, which lead to what they made. */
  stepsFrom(oid: string, direction: "up" | "down"): Step[] {
    const [here, there] = direction === "up" ? [this.#makes, this.#used] : [this.#uses, this.#made];
    return this.#recordsAt(oid, here).map((i) => ({ id: this.#name(i), next: () => this.#artifactsAt(i, there) }));
  }

  /** Everything again, to be written together with what is new. */
  rows(): IndexRow[] {
    const marks = new Set(this.#header.marks);
    const deploys = new Set(this.#header.deploys);
    return Array.from({ length: this.#header.records }, (_, i) => ({
      id: this.#name(i),
      word: marks.has(i) ? "mark" : deploys.has(i) ? "deploy" : "run",
      uses: this.#artifactsAt(i, this.#used),
      makes: this.#artifactsAt(i, this.#made),
      folders: i === 0 ? this.folders : [],
    }));
  }

  #artifactsAt(record: number, edges: Edges): string[] {
    return edges.of(record).map((i) => this.#artifacts.toString("hex", i * width, (i + 1) * width));
  }

  #namesAt(oid: string, edges: Edges): string[] {
    return this.#recordsAt(oid, edges).map((record) => this.#name(record));
  }

  #recordsAt(oid: string, edges: Edges): number[] {
    const key = Buffer.from(oid, "hex");
    const i = lowerBound(this.#artifacts, key);
    const isThere =
      i < this.#header.artifacts &&
      key.length === width &&
      key.compare(this.#artifacts, i * width, (i + 1) * width) === 0;
    return isThere ? edges.of(i) : [];
  }

  #name(i: number): string {
    return this.#records.toString("hex", i * width, (i + 1) * width);
  }
}

/** Lists of records, one for each artifact, or of artifacts, one for each record. */
class Edges {
  readonly #starts: Buffer;
  readonly #values: Buffer;

  constructor(starts: Buffer, values: Buffer) {
    this.#starts = starts;
    this.#values = values;
  }

  of(i: number): number[] {
    const [from, to] = [this.#starts.readUInt32LE(i * 4), this.#starts.readUInt32LE(i * 4 + 4)];
    return Array.from({ length: to - from }, (_, k) => this.#values.readUInt32LE((from + k) * 4));
  }
}

/** CRC-32 of all that the file says. */
export function indexSum(header: Omit<IndexHeader, "sum">, body: Buffer): number {
  return crc32(body, crc32(JSON.stringify({ ...header, sum: undefined })));
}

/** The first of the ascending 32-byte keys that is not below `key`. */
function lowerBound(keys: Buffer, key: Buffer): number {
  let [low, high] = [0, keys.length / width];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keys.compare(key, 0, width, middle * width, (middle + 1) * width) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
