import { type AddressInfo, createServer, connect as open, type Server, type Socket } from "node:net";
import { type Line, SlowLine } from "./slow-line.ts";

/** What goes wrong on the way. Counts are used up; the rest holds until another fault is set. */
export interface Fault extends Line {
  /** Only requests whose first line matches, for `busy` and `dropAnswers`. */
  readonly match?: RegExp;
  /** Answer so many requests with 503 SlowDown, without asking the server. */
  readonly busy?: number;
  /** Seconds, in the Retry-After of `busy`. */
  readonly retryAfter?: number;
  /** Let so many requests through and cut the connection instead of handing back the answer. */
  readonly dropAnswers?: number;
  /** Reset a connection after so many bytes towards the server; `times` connections. */
  readonly resetUpAfter?: number;
  /** End a connection after so many bytes from the server; `times` connections. */
  readonly cutDownAfter?: number;
  /** Hand on so many bytes from the server and then nothing more, with the connection open. */
  readonly stallDownAfter?: number;
  readonly times?: number;
  /** Take everything and never answer. */
  readonly silent?: boolean;
  /** The network is gone: connections that are open are reset, new ones at once. */
  readonly down?: boolean;
}

const slowDown =
  '<?xml version="1.0" encoding="UTF-8"?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>';

/** Stands between a client and a real server and breaks the connection in chosen ways. Raw TCP: signatures stay valid. */
export class FaultProxy {
  readonly #server: Server;
  readonly #target: number;
  readonly #sockets = new Set<Socket>();
  readonly #up = new SlowLine(() => this.#fault);
  readonly #down = new SlowLine(() => this.#fault);
  #fault: Fault = {};
  #left = { busy: 0, drops: 0, times: 0 };
  /** A new fault counts bytes from now on, also on connections that are open. */
  #generation = 0;
  #watchers: (() => void)[] = [];
  /** First lines of all requests since the last fault was set. */
  requests: string[] = [];
  /** Since the last fault was set: bytes that the client sent and got, headers included, and connections that the fault broke. */
  traffic = { up: 0, down: 0, broken: 0 };

  private constructor(target: number) {
    this.#target = target;
    this.#server = createServer({ noDelay: true }, (client) => this.#accept(client));
  }

  /** Listens on a free port of 127.0.0.1 in front of `target`, a port of the same. */
  static async start(target: number): Promise<FaultProxy> {
    const proxy = new FaultProxy(target);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#sockets.size / 2;
  }

  /** Resolves when the client has sent, or got, so many bytes since the last fault was set. */
  async reaches(way: "up" | "down", bytes: number): Promise<void> {
    while (this.traffic[way] < bytes) await new Promise<void>((resolve) => this.#watchers.push(resolve));
  }

  set(fault: Fault): void {
    this.#fault = fault;
    this.#left = { busy: fault.busy ?? 0, drops: fault.dropAnswers ?? 0, times: fault.times ?? 1 };
    this.#generation++;
    this.requests = [];
    this.traffic = { up: 0, down: 0, broken: 0 };
    if (fault.down) for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(client: Socket): void {
    if (this.#fault.down) return void client.resetAndDestroy();
    const server = open({ port: this.#target, host: "127.0.0.1", noDelay: true });
    this.#join(client, server);
    this.#join(server, client);
    const state = { generation: -1, up: 0, down: 0, dropping: false };
    const reset = () => {
      this.traffic.broken++;
      client.resetAndDestroy();
      server.destroy();
    };
    const fresh = () => {
      if (state.generation === this.#generation) return;
      Object.assign(state, { generation: this.#generation, up: 0, down: 0 });
    };
    client.on("data", (data) => {
      fresh();
      state.up += data.length;
      this.#moved("up", data.length);
      const line = /^(GET|PUT|POST|HEAD|DELETE|MOVE|MKCOL|PROPFIND) [^\r]*/.exec(
        data.subarray(0, 2000).toString("latin1"),
      )?.[0];
      if (line) this.requests.push(line);
      if (this.#fault.silent) return;
      if (line && this.#take("busy", line)) return void client.end(this.#busyAnswer());
      if (line && this.#take("drops", line)) state.dropping = true;
      if (state.up > (this.#fault.resetUpAfter ?? Infinity) && this.#left.times-- > 0) return reset();
      this.#up.carry(data, { from: client, to: server });
    });
    server.on("data", (data) => {
      fresh();
      if (state.dropping) return reset();
      state.down += data.length;
      this.#moved("down", data.length);
      const over = state.down - (this.#fault.cutDownAfter ?? Infinity);
      if (over > 0 && this.#left.times-- > 0) {
        this.traffic.broken++;
        client.end(data.subarray(0, Math.max(0, data.length - over)));
        server.destroy();
        return;
      }
      if (state.down <= (this.#fault.stallDownAfter ?? Infinity)) this.#down.carry(data, { from: server, to: client });
    });
  }

  #join(socket: Socket, other: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => other.destroy());
    socket.on("close", () => {
      this.#sockets.delete(socket);
      other.end();
    });
  }

  #moved(way: "up" | "down", bytes: number): void {
    this.traffic[way] += bytes;
    for (const tell of this.#watchers.splice(0)) tell();
  }

  #take(what: "busy" | "drops", line: string): boolean {
    if (this.#left[what] <= 0 || !(this.#fault.match ?? /^/).test(line)) return false;
    this.#left[what]--;
    return true;
  }

  #busyAnswer(): string {
    const { retryAfter } = this.#fault;
    const headers = [
      "HTTP/1.1 503 Slow Down",
      "Content-Type: application/xml",
      `Content-Length: ${slowDown.length}`,
      "Connection: close",
      ...(retryAfter === undefined ? [] : [`Retry-After: ${retryAfter}`]),
    ];
    return `${headers.join("\r\n")}\r\n\r\n${slowDown}`;
  }
}
