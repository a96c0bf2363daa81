/**
 * One record without its end. Source of the format: RFC 4180. A text that a spreadsheet would run as a formula (it begins with `=`, `+`, `-`, `@`, a
 * tab or a carriage return) gets an apostrophe before it; numbers stay numbers.
 */
export function csvLine(cells: readonly string[]): string {
  return cells.map(csvCell).join(",");
}

const formula = /^[=+\-@\t\r]/;
const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

function csvCell(text: string): string {
  const safe = formula.test(text) && !decimal.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
