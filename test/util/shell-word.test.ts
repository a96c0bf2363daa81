import { execFileSync } from "node:child_process";
import { expect, it } from "@jest/globals";
import { shellWord } from "../../src/util/shell-word.ts";

it.each([["a/b.c"], ["with space"], ["it's"], ["$(id) `x` \\"], ["a\nb\t'\\"], [""], ["-x"], ["ä"]])(
  "writes %j as one word",
  (text) => {
    const said = execFileSync("bash", ["-c", `printf '<%s>' ${shellWord(Buffer.from(text))}`]);
    expect(said.toString()).toBe(`<${text}>`);
  },
);

it("writes bytes that are no UTF-8", () => {
  const bytes = Buffer.from([0x61, 0xff, 0x27, 0x31]);
  expect(execFileSync("bash", ["-c", `printf %s ${shellWord(bytes)}`])).toEqual(bytes);
});

it("leaves plain paths as they are", () => {
  expect(shellWord(Buffer.from("datasets/d/x_1.bin"))).toBe("datasets/d/x_1.bin");
});
