import { dirname } from "node:path";
import { systemCode } from "../error/mlgit-error.ts";
import { makeFolder, writeDurable } from "../util/durable.ts";
import { type IndexHeader, type IndexRow, indexMagic, indexSum } from "./index-file.ts";

/** Writes an index in place of the old one. @returns what it wrote, or would have where it may not: then the next one builds it again */
export function writeIndexFile(file: string, tip: string, rows: readonly IndexRow[]): Buffer {
  const bytes = encodeIndex(tip, rows);
  try {
    makeFolder(dirname(file));
    writeDurable(file, bytes);
  } catch (error) {
    // A full disk, or the repository of somebody else: the answer is the same.
    if (systemCode(error) === undefined) throw error;
  }
  return bytes;
}

function encodeIndex(tip: string, rows: readonly IndexRow[]): Buffer {
  const artifacts = artifactsOf(rows).sort();
  const place = new Map(artifacts.map((oid, i) => [oid, i]));
  const numbersOf = (oids: readonly string[]) => distinct(oids).map((oid) => place.get(oid) as number);
  const used = rows.map((row) => numbersOf(row.uses));
  const made = rows.map((row) => numbersOf(row.makes));
  const edges = [turned(used, place.size), turned(made, place.size), used, made].map(pack);
  const names = [rows.map(({ id }) => id), artifacts].map((list) => Buffer.from(list.join(""), "hex"));
  const body = Buffer.concat([...names, ...edges]);
  const folders = new Map(rows.flatMap((row) => row.folders.map((one) => [`${one.oid} ${one.path}`, one])));
  const numbers = (word: IndexRow["word"]) => rows.flatMap((row, i) => (row.word === word ? [i] : []));
  const header: Omit<IndexHeader, "sum"> = {
    magic: indexMagic,
    tip,
    records: rows.length,
    artifacts: artifacts.length,
    uses: used.flat().length,
    makes: made.flat().length,
    folders: [...folders.values()],
    marks: numbers("mark"),
    deploys: numbers("deploy"),
  };
  const line = JSON.stringify({ ...header, sum: indexSum(header, body) });
  return Buffer.concat([Buffer.from(`${line}\n`), body]);
}

function artifactsOf(rows: readonly IndexRow[]): string[] {
  const found = new Set<string>();
  for (const { uses, makes } of rows) {
    for (const oid of uses) found.add(oid);
    for (const oid of makes) found.add(oid);
  }
  return [...found];
}

/** Most runs make one thing. */
function distinct(oids: readonly string[]): readonly string[] {
  return oids.length > 1 ? [...new Set(oids)] : oids;
}

/** Each artifact's records, of each record's artifacts. */
function turned(lists: readonly (readonly number[])[], artifacts: number): number[][] {
  const records: number[][] = Array.from({ length: artifacts }, () => []);
  for (const [record, list] of lists.entries()) for (const artifact of list) records[artifact]?.push(record);
  return records;
}

/** Where each list begins, and then all of them. */
function pack(lists: readonly (readonly number[])[]): Buffer {
  const count = lists.reduce((sum, list) => sum + list.length, 0);
  const bytes = Buffer.alloc((lists.length + 1 + count) * 4);
  let at = 0;
  for (const [i, list] of lists.entries()) {
    bytes.writeUInt32LE(at, i * 4);
    for (const number of list) bytes.writeUInt32LE(number, (lists.length + 1 + at++) * 4);
  }
  bytes.writeUInt32LE(at, lists.length * 4);
  return bytes;
}
