import { readFileSync, writeFileSync } from "node:fs";

/**
 * Replaces what a Markdown file says between `<!-- begin NAME -->` and `<!-- end NAME -->`.
 * @throws when there is no such section: it would otherwise be written where nobody looks for it
 */
export function writeSection(path, name, text) {
  const [begin, end] = [`<!-- begin ${name} -->`, `<!-- end ${name} -->`];
  const before = readFileSync(path, "utf8");
  const from = before.indexOf(begin);
  const to = before.indexOf(end, from);
  if (from < 0 || to < 0) throw new Error(`${path} has no section ${begin} … ${end}`);
  writeFileSync(path, `${before.slice(0, from)}${begin}\n\n${text.trim()}\n\n${before.slice(to)}`);
}
