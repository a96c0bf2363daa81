import type { Socket } from "node:net";

/** What a line is like. */
export interface Line {
  /** Milliseconds that each piece is under way, in each direction. */
  readonly latency?: number;
  /** Bytes a second that all connections together carry, in each direction. */
  readonly bandwidth?: number;
}

/** Bytes under way on one connection, above which nothing more is taken from the sender. */
const window = 1 << 20;

/** One direction of a line that is shared by all connections: pieces come in order, late, and no faster than it carries. */
export class SlowLine {
  readonly #line: () => Line;
  readonly #underWay = new WeakMap<Socket, number>();
  /** By receiver. Timers are not exact to the millisecond, so it is not they who keep the order. */
  readonly #queues = new WeakMap<Socket, Buffer[]>();
  /** When the last piece will have been sent off, and when the last one arrives: milliseconds. */
  #free = 0;
  #arrival = 0;

  constructor(line: () => Line) {
    this.#line = line;
  }

  carry(data: Buffer, { from, to }: { readonly from: Socket; readonly to: Socket }): void {
    const { latency = 0, bandwidth = Number.POSITIVE_INFINITY } = this.#line();
    const now = performance.now();
    this.#free = Math.max(now, this.#free) + (data.length / bandwidth) * 1000;
    this.#arrival = Math.max(this.#arrival, this.#free + latency);
    this.#add(from, data.length);
    const queue = this.#queues.get(to) ?? [];
    this.#queues.set(to, queue);
    queue.push(data);
    const arrive = () => {
      const next = queue.shift();
      if (next) to.write(next, () => this.#add(from, -next.length));
    };
    if (this.#arrival <= now && queue.length === 1) arrive();
    else setTimeout(arrive, this.#arrival - now);
  }

  #add(from: Socket, bytes: number): void {
    const sum = (this.#underWay.get(from) ?? 0) + bytes;
    this.#underWay.set(from, sum);
    if (sum > window) from.pause();
    else from.resume();
  }
}
