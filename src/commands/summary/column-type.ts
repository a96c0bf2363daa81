import type { FieldType } from "../../lineage/export/record-set.ts";

/** What the types of some values are together; a value that lacks has the type of the others. */
export class TypeOfColumn {
  readonly #types = new Set<FieldType>();

  note(type: FieldType | undefined): void {
    if (type !== undefined) this.#types.add(type);
  }

  get type(): FieldType {
    const [first = "text", ...others] = this.#types;
    if (others.length === 0) return first;
    const within = (...types: FieldType[]) => [...this.#types].every((type) => types.includes(type));
    // A whole number is a number, and a day is the beginning of it.
    if (within("integer", "number")) return "number";
    return within("date", "datetime") ? "datetime" : "text";
  }
}
