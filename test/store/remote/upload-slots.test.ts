import { expect, it } from "@jest/globals";
import { UploadSlots } from "../../../src/store/remote/upload-slots.ts";

it("a push of very many contents, whose list takes memory itself, fills smaller packs", async () => {
  const sizes = await Promise.all([100, 262_144, 262_145].map(async (contents) => new UploadSlots(contents).take()));
  expect(sizes.map(({ length }) => length / 2 ** 20)).toEqual([24, 24, 16]);
});
