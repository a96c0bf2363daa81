import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import type { Sandbox } from "./sandbox.ts";

export interface FilterAnswer {
  readonly status: string;
  readonly content: Buffer;
}

const flush = Buffer.from("0000");

/** One packet of the protocol: at most 65,516 bytes. */
export function packet(payload: string | Uint8Array): Buffer {
  const bytes = Buffer.from(payload);
  return Buffer.concat([Buffer.from((bytes.length + 4).toString(16).padStart(4, "0")), bytes]);
}

/** Speaks git's side of the filter protocol with the built program. */
export class FilterClient {
  readonly child: ChildProcessWithoutNullStreams;
  readonly exited: Promise<{ code: number | null; signal: string | null }>;
  stderr = "";
  #buffer = Buffer.alloc(0);
  readonly #chunks: AsyncIterator<Buffer>;

  private constructor(box: Sandbox, cwd: string) {
    const env = { ...process.env, ...box.env };
    this.child = spawn("git-mlgit", ["filter-process"], { cwd, env, stdio: "pipe" });
    this.child.stderr.on("data", (text) => {
      this.stderr += text;
    });
    this.child.stdin.on("error", () => {});
    this.#chunks = this.child.stdout[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    // Not "close", which waits until somebody has read all of stdout.
    this.exited = once(this.child, "exit").then(([code, signal]) => ({ code, signal }));
  }

  static async start(box: Sandbox, cwd: string): Promise<FilterClient> {
    const client = new FilterClient(box, cwd);
    client.send(packet("git-filter-client\n"), packet("version=2\n"), flush);
    await client.#list();
    client.send(...["clean", "smudge", "delay"].map((name) => packet(`capability=${name}\n`)), flush);
    await client.#list();
    return client;
  }

  send(...parts: readonly Uint8Array[]): void {
    this.child.stdin.write(Buffer.concat(parts));
  }

  /** The beginning of a request: command and path, and what else is given; its content is still to be sent. */
  begin(command: "clean" | "smudge", path: string, ...more: readonly string[]): void {
    const lines = [`command=${command}`, `pathname=${path}`, ...more];
    this.send(...lines.map((line) => packet(`${line}\n`)), flush);
  }

  clean(path: string, bytes: string | Uint8Array): Promise<FilterAnswer> {
    this.begin("clean", path);
    return this.#finish(Buffer.from(bytes));
  }

  smudge(path: string, blob: string, canDelay: boolean): Promise<FilterAnswer> {
    this.begin("smudge", path, ...(canDelay ? ["can-delay=1"] : []));
    return this.#finish(Buffer.from(blob));
  }

  /** The answer to a request whose content was sent. */
  async answer(): Promise<FilterAnswer> {
    const [status = ""] = await this.#list();
    if (status !== "status=success") return { status, content: Buffer.alloc(0) };
    const content = Buffer.concat(await this.#packets());
    return { status: (await this.#list())[0] ?? status, content };
  }

  /** git hangs up; resolves when the process is gone. */
  async end(): Promise<number | null> {
    this.child.stdin.end();
    return (await this.exited).code;
  }

  async kill(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.exited;
  }

  #finish(bytes: Buffer): Promise<FilterAnswer> {
    for (let at = 0; at < bytes.length; at += 65_516) this.send(packet(bytes.subarray(at, at + 65_516)));
    this.send(flush);
    return this.answer();
  }

  async #list(): Promise<string[]> {
    return (await this.#packets()).map((line) => line.toString("utf8").replace(/\n$/, ""));
  }

  async #packets(): Promise<Buffer[]> {
    const found: Buffer[] = [];
    for (;;) {
      const length = Number.parseInt((await this.#take(4)).toString("latin1"), 16);
      if (length === 0) return found;
      found.push(await this.#take(length - 4));
    }
  }

  async #take(length: number): Promise<Buffer> {
    while (this.#buffer.length < length) {
      const { value, done } = await this.#chunks.next();
      if (done) throw new Error(`the filter hung up: ${this.stderr}`);
      this.#buffer = Buffer.concat([this.#buffer, value]);
    }
    const taken = this.#buffer.subarray(0, length);
    this.#buffer = this.#buffer.subarray(length);
    return taken;
  }
}
