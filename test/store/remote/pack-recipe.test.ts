import { expect, it } from "@jest/globals";
import { loadChunkHash } from "../../../src/chunk/chunk-hash.ts";
import { codec } from "../../../src/chunk/codec.ts";
import { PackBuilder } from "../../../src/store/pack/pack-builder.ts";
import { formatRecipe, parseRecipe } from "../../../src/store/remote/pack-recipe.ts";
import { oidOf } from "../../helper/pointer-of.ts";

it("gives back from its text what every entry was made of", async () => {
  const hash = await loadChunkHash();
  const builder = new PackBuilder(Buffer.alloc(1 << 20), hash);
  const contents = ["one", "two", "three", "manifest"].map((text) => Buffer.from(text));
  for (const stored of contents)
    builder.add({ id: hash(stored), plainLength: stored.length, codec: codec.raw, stored });
  const { id, bytes, tail } = builder.finish();
  const [a, b] = [oidOf(Buffer.from("a")), oidOf(Buffer.from("b"))];
  const origins = [
    { oid: a, offset: 0 },
    { oid: a, offset: 3 },
    { oid: b, offset: 0 },
    { bytes: Buffer.from('"mani\\fest\n') },
  ];
  const text = formatRecipe({ id, size: bytes.length, tail, origins });
  expect(JSON.parse(text)).toMatchObject({ v: 1, oids: [a, b], places: [[0, 0], [0, 3], [1, 0], expect.any(String)] });
  expect(parseRecipe(text, hash).recipe).toEqual({ id, size: bytes.length, tail: Buffer.from(tail), origins });
  const empty = { v: 1, id, oids: [], places: [] };
  expect(JSON.parse(formatRecipe({ id, size: 1, tail, origins: [] }))).toMatchObject(empty);
});
