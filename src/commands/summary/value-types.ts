import { counted } from "../../util/counted.ts";

const shownFields = 60;
const mostFields = 10_000;
const longName = 60;

/** Names with the types of their values, as they are met; also how often a name was seen is of no interest. */
export class FieldTypes {
  readonly #types = new Map<string, Set<string>>();

  note(name: string, type: string): void {
    const known = this.#types.get(name);
    if (known) known.add(type);
    else if (this.#types.size < mostFields) this.#types.set(name, new Set([type]));
  }

  get size(): number {
    return this.#types.size;
  }

  /** For people: names are not told apart without end. */
  get keys(): string {
    return this.size < mostFields ? counted(this.size, "key") : `at least ${mostFields} keys`;
  }

  /** One line a name, indented. */
  lines(): string[] {
    const all = [...this.#types];
    const shown = all.slice(0, shownFields).map(([name, types]) => `  ${shortName(name)}: ${joined(types)}`);
    return all.length > shownFields ? [...shown, `  … and ${all.length - shownFields} more`] : shown;
  }
}

/** One line that no terminal and no diff takes for anything else. */
export function shortName(name: string): string {
  const line = name.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, "\ufffd");
  return line.length > longName ? `${line.slice(0, longName - 1)}…` : line;
}

function joined(types: ReadonlySet<string>): string {
  const known = new Set(types);
  // A whole number is a number, and what lacks here and there is still of its type.
  if (known.has("number")) known.delete("integer");
  if (known.size > 1) known.delete("empty");
  return [...known].sort().join(" or ");
}

/** The type of a cell, which is text whatever it says. */
export function typeOfText(text: string): string {
  if (text === "") return "empty";
  if (/^[+-]?\d{1,30}$/.test(text)) return "integer";
  if (/^[+-]?(\d{1,30}\.?\d{0,30}|\.\d{1,30})(e[+-]?\d{1,4})?$/i.test(text) || /^[+-]?(nan|inf(inity)?)$/i.test(text))
    return "number";
  if (/^(true|false)$/i.test(text)) return "boolean";
  if (/^\d{4}-\d\d-\d\d([T ]\d\d:\d\d.{0,20})?$/.test(text)) return "date";
  return "text";
}

/** The type of a value of JSON. */
export function typeOfValue(value: unknown): string {
  if (value === null) return "empty";
  if (Array.isArray(value)) return "list";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value === "string" ? "text" : typeof value;
}
