import { dirname } from "node:path";
import { makeFolder, writeDurable } from "../util/durable.ts";
import { type IndexHeader, type IndexRow, indexMagic } from "./index-file.ts";

/** Writes an index in place of the old one. */
export function writeIndexFile(file: string, tip: string, rows: readonly IndexRow[]): void {
  const artifacts = [...new Set(rows.flatMap(({ uses, makes }) => [...uses, ...makes]))].sort();
  const place = new Map(artifacts.map((oid, i) => [oid, i]));
  const uses = pack(
    rows.map((row) => row.uses),
    place,
  );
  const makes = pack(
    rows.map((row) => row.makes),
    place,
  );
  const folders = new Map(rows.flatMap((row) => row.folders.map((one) => [`${one.oid} ${one.path}`, one])));
  const numbers = (word: IndexRow["word"]) => rows.flatMap((row, i) => (row.word === word ? [i] : []));
  const header: IndexHeader = {
    magic: indexMagic,
    tip,
    records: rows.length,
    artifacts: artifacts.length,
    uses: uses.count,
    makes: makes.count,
    folders: [...folders.values()],
    marks: numbers("mark"),
    deploys: numbers("deploy"),
  };
  const names = [rows.map(({ id }) => id), artifacts].map((list) => Buffer.from(list.join(""), "hex"));
  makeFolder(dirname(file));
  writeDurable(file, Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), ...names, uses.bytes, makes.bytes]));
}

/** Turns each record's artifacts into each artifact's records. */
function pack(lists: readonly (readonly string[])[], place: ReadonlyMap<string, number>) {
  const records: number[][] = Array.from({ length: place.size }, () => []);
  for (const [record, oids] of lists.entries())
    for (const oid of new Set(oids)) records[place.get(oid) as number]?.push(record);
  const count = records.reduce((sum, list) => sum + list.length, 0);
  const bytes = Buffer.alloc((place.size + 1 + count) * 4);
  let at = 0;
  for (const [i, list] of records.entries()) {
    bytes.writeUInt32LE(at, i * 4);
    for (const record of list) bytes.writeUInt32LE(record, (place.size + 1 + at++) * 4);
  }
  bytes.writeUInt32LE(at, place.size * 4);
  return { bytes, count };
}
