import { type Document, isMap, LineCounter, parseDocument } from "yaml";

export interface SpecFault {
  readonly line: number;
  readonly message: string;
}

/** The text of a spec with the places of its values, so that messages can name lines and edits need not touch the rest. */
export class SpecText {
  readonly text: string;
  /** Why it cannot be read at all; empty when it can. */
  readonly faults: readonly SpecFault[];
  readonly #document: Document;
  readonly #lines = new LineCounter();

  constructor(text: string) {
    this.text = text;
    this.#document = parseDocument(text, { lineCounter: this.#lines, uniqueKeys: true, stringKeys: true });
    this.faults = [...this.#document.errors.map((error) => this.#fault(error)), ...this.#conversionFault()];
  }

  /** The value at `keys` as plain data, or undefined. */
  value(keys: readonly string[]): unknown {
    let value: unknown = this.faults.length > 0 ? undefined : this.#document.toJS();
    for (const key of keys)
      value = typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
    return value;
  }

  /** The line of the value at `keys`, or of the nearest one around it. */
  lineOf(keys: readonly string[]): number {
    for (let depth = keys.length; depth > 0; depth--) {
      const range = this.#rangeOf(keys.slice(0, depth));
      if (range) return this.#lines.linePos(range[0]).line;
    }
    return 1;
  }

  /** Where the scalar at `keys` stands in the text: start and end. Undefined for none, and for lists and maps. */
  scalarRange(keys: readonly string[]): readonly [number, number] | undefined {
    const node = this.#document.getIn(keys, true) as { range?: readonly number[]; type?: string } | undefined;
    if (!node?.range || isMap(node) || node.type === undefined || node.type.startsWith("BLOCK")) return undefined;
    return [node.range[0] ?? 0, node.range[1] ?? 0];
  }

  /** Where a line can be added to the block map at `keys`: offset, and the indent of its keys. Undefined for other nodes. */
  blockEnd(keys: readonly string[]): { readonly at: number; readonly indent: number } | undefined {
    const node = keys.length === 0 ? this.#document.contents : this.#document.getIn(keys, true);
    if (!isMap(node) || node.flow || node.items.length === 0) return undefined;
    const first = node.items[0]?.key as { range?: readonly number[] };
    const last = node.items.at(-1);
    const end = ((last?.value ?? last?.key) as { range?: readonly number[] } | null)?.range?.[1];
    if (first.range === undefined || end === undefined) return undefined;
    const indent = this.#lines.linePos(first.range[0] ?? 0).col - 1;
    if (this.text[end - 1] === "\n") return { at: end, indent };
    const newline = this.text.indexOf("\n", end);
    return { at: newline < 0 ? this.text.length : newline + 1, indent };
  }

  /** The text with a value set by the library: comments and order stay, spacing may not. `undefined` removes the key. */
  rewritten(keys: readonly string[], value: unknown): string {
    const document = this.#document.clone();
    if (value === undefined) document.deleteIn(keys);
    else document.setIn(keys, document.createNode(value));
    return document.toString({ lineWidth: 0 });
  }

  #rangeOf(keys: readonly string[]): readonly [number, number, number] | undefined {
    const node = this.#document.getIn(keys, true) as { range?: [number, number, number] } | undefined;
    return node?.range ?? undefined;
  }

  #fault(error: { readonly message: string; readonly pos: readonly [number, number] }): SpecFault {
    const message = (error.message.split("\n")[0] ?? "").replace(/ at line \d+, column \d+:?$/, "");
    return { line: this.#lines.linePos(error.pos[0]).line, message };
  }

  /** Aliases that would grow without end are found when the text becomes data, and those that lead back to themselves when it is written out. */
  #conversionFault(): SpecFault[] {
    if (this.#document.errors.length > 0) return [];
    try {
      JSON.stringify(this.#document.toJS());
      return [];
    } catch (error) {
      const { name, message } = error as Error;
      return [{ line: 1, message: name === "TypeError" ? "an alias leads back to what it stands in" : message }];
    }
  }
}
