import { commonAt, stateLength } from "../util/file-state.ts";

const length = stateLength - commonAt;

/** What packed states have in common with others, each kept once: device, mode, number of names and owner, of which there are few among a million files. */
export class CommonStates {
  readonly #all: Buffer[] = [];
  readonly #numbers = new Map<string, number>();
  #last: Buffer = Buffer.alloc(0);
  #lastNumber = -1;

  /** The number by which `fill` finds that part of a state. */
  numberOf(state: Uint8Array): number {
    const common = Buffer.from(state.buffer, state.byteOffset + commonAt, length);
    if (!common.equals(this.#last)) this.#take(common);
    return this.#lastNumber;
  }

  /** Puts that part into a state. */
  fill(state: Uint8Array, number: number): void {
    state.set(this.#all[number] as Buffer, commonAt);
  }

  #take(common: Buffer): void {
    const key = common.toString("latin1");
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.#all.push(Buffer.from(common)) - 1;
      this.#numbers.set(key, number);
    }
    this.#last = this.#all[number] as Buffer;
    this.#lastNumber = number;
  }
}
