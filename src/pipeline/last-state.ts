import { readFileSync } from "node:fs";
import { writeDurable } from "../util/durable.ts";
import type { Artifact } from "./memo-key.ts";

interface Row {
  readonly key: string;
  /** Path, mode and oid of each output. */
  readonly outputs: readonly (readonly [string, string, string])[];
}

const heading = "mlgit-stages 1";

/**
 * What the stages of this worktree came to last, so that one with nothing to do need not ask the run records. Throw-away; a row says that a complete run with
 * this key made these outputs, which stays true whatever happens.
 */
export class LastState {
  readonly #file: string;
  readonly #rows: Map<string, Row>;
  #changed = false;

  constructor(file: string) {
    this.#file = file;
    this.#rows = load(file);
  }

  isKnown(stage: string, key: string, outputs: readonly Artifact[]): boolean {
    const row = this.#rows.get(stage);
    return row?.key === key && JSON.stringify(row.outputs) === JSON.stringify(brief(outputs));
  }

  note(stage: string, key: string, outputs: readonly Artifact[]): void {
    this.#rows.set(stage, { key, outputs: brief(outputs) });
    this.#changed = true;
  }

  save(): void {
    if (!this.#changed) return;
    writeDurable(this.#file, `${heading}\n${JSON.stringify([...this.#rows])}\n`);
    this.#changed = false;
  }
}

function brief(outputs: readonly Artifact[]): (readonly [string, string, string])[] {
  return outputs.map(({ path, mode, oid }) => [path, mode, oid] as const);
}

function load(file: string): Map<string, Row> {
  try {
    const [first, body = ""] = readFileSync(file, "utf8").split("\n", 2);
    if (first === heading) return new Map(JSON.parse(body) as [string, Row][]);
  } catch {
    // Not there, or not readable: the run records know.
  }
  return new Map();
}
