import { describe, expect, it } from "@jest/globals";

describe("bytes in expectations", () => {
  const bytes = Buffer.from("some bytes");

  it("are equal when they are the same ones, also inside of objects", () => {
    expect(bytes).toEqual(Buffer.from(bytes));
    expect({ list: [bytes] }).toStrictEqual({ list: [Buffer.from(bytes)] });
    expect({ bytes, more: 1 }).toMatchObject({ bytes: Buffer.from(bytes) });
  });

  it("differ by one byte, by their length and by what holds them", () => {
    const other = Buffer.from(bytes);
    other[3] = 0;
    expect(bytes).not.toEqual(other);
    expect({ list: [bytes] }).not.toEqual({ list: [other] });
    expect({ bytes }).not.toMatchObject({ bytes: other });
    expect(bytes).not.toEqual(bytes.subarray(1));
    expect(bytes).not.toEqual(Buffer.alloc(0));
    expect(bytes).not.toStrictEqual(new Uint8Array(bytes));
    expect(bytes).not.toEqual(bytes.toString());
  });
});
