import { MlgitError } from "../error/mlgit-error.ts";
import { defaultParameterFile, type ParameterRef } from "./stage.ts";
import { stagePath } from "./stage-path.ts";

/** One parameter with the text of its value, as YAML. */
export interface Setting extends ParameterRef {
  readonly text: string;
}

const mostExperiments = 10_000;

/**
 * All combinations of `name=value`, `file:name=a,b,c` and `name=1..9..2` (first, last, step), the last one varying fastest.
 * Commas inside of brackets and quotes do not separate. @throws MlgitError kind `usage`.
 */
export function parameterGrid(words: readonly string[]): Setting[][] {
  const axes = words.map(parseAxis);
  const names = axes.map(([first]) => `${first?.file}:${first?.name}`);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new MlgitError("usage", `the parameter ${twice} is set twice`, { hint: "list its values: -S lr=0.1,0.2" });
  const count = axes.reduce((product, axis) => product * axis.length, 1);
  if (count > mostExperiments)
    throw new MlgitError("usage", `these are ${count} experiments, and ${mostExperiments} is the most at once`, {
      hint: "start with fewer values",
    });
  return axes.reduce<Setting[][]>((rows, axis) => rows.flatMap((row) => axis.map((one) => [...row, one])), [[]]);
}

function parseAxis(word: string): Setting[] {
  const [, left = "", right = ""] = /^([^=]+)=(.*)$/s.exec(word) ?? [];
  const colon = left.lastIndexOf(":");
  const file = colon < 0 ? defaultParameterFile : stagePath(left.slice(0, colon));
  const name = left.slice(colon + 1);
  if (name === "" || file === undefined || right === "")
    throw new MlgitError("usage", `-S ${JSON.stringify(word)} sets no parameter`, {
      hint: "-S lr=0.1, -S lr=0.1,0.2, -S other.toml:depth=1..4",
    });
  return splitValues(right)
    .flatMap(expandRange)
    .map((text) => ({ file, name, text }));
}

function splitValues(text: string): string[] {
  const parts: string[] = [""];
  let depth = 0;
  let quote = "";
  for (const sign of text) {
    if (quote !== "") quote = sign === quote ? "" : quote;
    else if (sign === '"' || sign === "'") quote = sign;
    else if ("[{".includes(sign)) depth++;
    else if ("]}".includes(sign)) depth--;
    if (sign === "," && depth === 0 && quote === "") parts.push("");
    else parts[parts.length - 1] += sign;
  }
  return parts.map((part) => part.trim());
}

function expandRange(text: string): string[] {
  const [, first, last, step = "1"] = /^(-?\d{1,9})\.\.(-?\d{1,9})(?:\.\.(\d{1,9}))?$/.exec(text) ?? [];
  if (first === undefined || last === undefined) return [text];
  const [from, to, by] = [Number(first), Number(last), Number(step)];
  const count = by === 0 ? 0 : Math.floor(Math.abs(to - from) / by) + 1;
  if (count === 0 || count > mostExperiments)
    throw new MlgitError("usage", `the range ${text} has ${count} values`, { hint: "<first>..<last>..<step>" });
  return Array.from({ length: count }, (_, i) => String(from + i * by * Math.sign(to - from || 1)));
}
