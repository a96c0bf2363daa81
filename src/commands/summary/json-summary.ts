import { counted } from "../../util/counted.ts";
import { type ByteSource, beyond, blocksOf, readLimit } from "./byte-source.ts";
import { JsonScanner } from "./json-scanner.ts";
import { FieldTypes, typeOfValue } from "./value-types.ts";

/** What a JSON file is at its top: keys with types and lengths of lists, or how many elements and their keys. Never builds the value: depth and length do not matter. */
export function summarizeJson(source: ByteSource): string[] {
  const scanner = new JsonScanner();
  for (const block of blocksOf(source)) scanner.take(block);
  const { top, elements, fields } = scanner;
  if (top === undefined) return ["json: nothing"];
  const whole = scanner.isWhole || source.size > readLimit ? "" : ", broken";
  if (top === "object") return [`json: object with ${fields.keys}${beyond(source)}${whole}`, ...fields.lines()];
  if (top === "list") return [`json: list of ${elements}${beyond(source)}${whole}`, ...fields.lines()];
  return [`json: ${top}${whole}`];
}

const sampleLines = 200;
const longLine = 65_536;

/** One JSON value a line: how many, and the keys of the first ones. */
export function summarizeJsonLines(source: ByteSource): string[] {
  const fields = new FieldTypes();
  let [lines, broken] = [0, 0];
  let part: Buffer[] = [];
  let length = 0;
  const endLine = () => {
    if (
      length > 0 &&
      lines++ < sampleLines &&
      length <= longLine &&
      !noteLine(Buffer.concat(part).toString("utf8"), fields)
    )
      broken++;
    part = [];
    length = 0;
  };
  for (const block of blocksOf(source)) {
    let at = 0;
    for (let end = block.indexOf(0x0a); end >= 0; end = block.indexOf(0x0a, at)) {
      collect(block.subarray(at, end));
      endLine();
      at = end + 1;
    }
    collect(block.subarray(at));
  }
  if (source.size <= readLimit) endLine();
  const bad = broken > 0 ? `, ${broken} of the first ${Math.min(lines, sampleLines)} are no JSON` : "";
  return [`json lines: ${counted(lines, "line")}${beyond(source)}${bad}`, ...fields.lines()];

  function collect(bytes: Uint8Array): void {
    const text = bytes.at(-1) === 0x0d ? bytes.subarray(0, -1) : bytes;
    if (length <= longLine && lines < sampleLines) part.push(Buffer.from(text.subarray(0, longLine + 1)));
    length += text.length;
  }
}

function noteLine(text: string, fields: FieldTypes): boolean {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      for (const [key, one] of Object.entries(value)) fields.note(key, typeOfValue(one));
    return true;
  } catch {
    return false;
  }
}
