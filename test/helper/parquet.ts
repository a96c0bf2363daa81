/** A name as the compact protocol of Thrift writes it, in hex. */
export function hexName(name: string): string {
  return Buffer.from([name.length, ...Buffer.from(name)]).toString("hex");
}

/** A Parquet file with such a footer, and nothing that can be read before it. */
export function parquet(footer: Buffer): Buffer {
  const end = Buffer.alloc(8);
  end.writeUInt32LE(footer.length);
  end.write("PAR1", 4);
  return Buffer.concat([Buffer.from("PAR1"), Buffer.alloc(1000), footer, end]);
}

/**
 * Ten rows of a whole number, a text, a list of floats, a group, and bytes: `id`, `name`, `emb`, `s`, `raw`. Source: parquet.thrift, SchemaElement; fields 1 type, 3 repetition,
 * 4 name, 5 children, 6 converted type.
 */
export function parquetTable(): Buffer {
  const schema = [
    `48${hexName("schema")}150a00`,
    `1504250218${hexName("id")}00`,
    `150c250218${hexName("name")}250000`,
    `350218${hexName("emb")}1502150600`,
    `350418${hexName("list")}150200`,
    `1508250218${hexName("element")}00`,
    `350218${hexName("s")}150200`,
    `1502250218${hexName("x")}00`,
    `150c250218${hexName("raw")}00`,
  ];
  return parquet(Buffer.from(`1502199c${schema.join("")}1614190c00`, "hex"));
}
