import { parquetWriteBuffer } from "hyparquet-writer";

/**
 * A table of 12 columns, numbers and words, in row groups of 50,000 rows, compressed by Snappy as most writers do. Version 1 and 3 compute one of the columns again,
 * version 2 appends one.
 */
export function makeParquet({ rows, version, random }) {
  const columns = Array.from({ length: 10 }, (_, i) => {
    const again = (i === 3 && version >= 1) || (i === 7 && version >= 3) ? version : 0;
    return { name: `feature_${i}`, data: doubles(random(`parquet ${i} ${again}`, 4 * rows)), type: "DOUBLE" };
  });
  const ids = { name: "id", data: Int32Array.from({ length: rows }, (_, i) => i), type: "INT32" };
  const labels = { name: "label", data: words(random("parquet label", rows)), type: "STRING" };
  const more = { name: "score", data: doubles(random("parquet score", 4 * rows)), type: "DOUBLE" };
  const columnData = [ids, ...columns, labels, ...(version >= 2 ? [more] : [])];
  return Buffer.from(parquetWriteBuffer({ columnData, rowGroupSize: 50_000 }));
}

function doubles(bytes) {
  const words = new Uint32Array(new Uint8Array(bytes).buffer);
  return Float64Array.from(words, (word) => word / 2 ** 32);
}

function words(bytes) {
  const names = ["cat", "dog", "bird", "none"];
  return Array.from(bytes, (byte) => names[byte & 3]);
}
