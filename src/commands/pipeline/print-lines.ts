import type { Context } from "../command.ts";

/** Shows what commands print, line by line, so that several at a time stay readable. */
export class LinePrinter {
  readonly #context: Context;
  readonly #named: boolean;
  readonly #rest = new Map<string, Buffer>();

  constructor(context: Context, named: boolean) {
    this.#context = context;
    this.#named = named;
  }

  print(stage: string, bytes: Buffer): void {
    const all = Buffer.concat([this.#rest.get(stage) ?? Buffer.alloc(0), bytes]);
    const end = all.lastIndexOf(0x0a);
    this.#rest.set(stage, all.subarray(end + 1));
    if (end >= 0) this.#show(stage, all.subarray(0, end));
    // A line without an end is shown when it gets long: it may be a question or a progress display.
    else if (all.length > 8192) this.flush(stage);
  }

  flush(stage: string): void {
    const rest = this.#rest.get(stage);
    this.#rest.delete(stage);
    if (rest && rest.length > 0) this.#show(stage, rest);
  }

  #show(stage: string, lines: Buffer): void {
    const text = lines.toString("utf8");
    this.#context.info(this.#named ? text.replace(/^/gm, `${stage} | `) : text);
  }
}
