// What a script was called with; a slip is told in a line, and no measurement begins.
import { basename } from "node:path";
import { parseArgs } from "node:util";

/** The values of options, as of `parseArgs`. */
export function readOptions(options) {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    if (!String(error.code).startsWith("ERR_PARSE_ARGS")) throw error;
    const names = Object.entries(options).map(([name, { type }]) => `--${name}${type === "string" ? " <value>" : ""}`);
    return misused(error.message.split(". ")[0], `it takes ${names.join(", ")}`);
  }
}

/** The one of `choices` that `word` names. */
export function choose(choices, word) {
  if (word !== undefined && Object.hasOwn(choices, word)) return choices[word];
  const what = word === undefined ? "something to do is missing" : `Unknown word '${word}'`;
  return misused(what, `it takes one of ${Object.keys(choices).join(", ")}`);
}

function misused(what, hint) {
  process.stderr.write(`${basename(process.argv[1])}: ${what}\n${hint}\n`);
  process.exit(2);
}
