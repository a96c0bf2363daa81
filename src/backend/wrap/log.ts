import type { Backend, Body, ByteRange, FileInfo, Traffic } from "../backend.ts";
import { isPermanentError } from "../backend-error.ts";
import { type FileType, type Handle, keyOf, prefixOf } from "../handle.ts";
import type { Patience } from "../patience.ts";

/** Gets one line for each operation: what, on which key, how many bytes, how long, how it ended. */
export type Trace = (line: string) => void;

export interface Listeners {
  readonly trace?: Trace | undefined;
  readonly patience?: Patience | undefined;
}

/** Above it an answer may be long in coming because the bytes are long in going. */
const mostQuick = 1 << 20;

/** Counts operations and bytes, says each one to `trace`, and lets `patience` know who is waited for. */
export function withLog(inner: Backend, listeners: Listeners = {}): Backend {
  const log = new Log(inner, listeners);
  return {
    location: inner.location,
    get properties() {
      return inner.properties;
    },
    get traffic() {
      return log.traffic;
    },
    save: (handle, body, options) =>
      log.run({ what: "save", about: keyOf(handle), isLong: body.length > mostQuick }, async (count) => {
        const info = await inner.save(handle, body, options);
        count({ sent: body.length });
        return info;
      }),
    load: (handle, range, use, signal) =>
      log.run({ what: "load", about: keyOf(handle) + rangeText(range) }, (count) =>
        inner.load(handle, range, (body, info) => use(counted(body, count), info), signal),
      ),
    stat: (handle, signal) => log.run({ what: "stat", about: keyOf(handle) }, () => inner.stat(handle, signal)),
    list: (type, signal) => log.list(type, signal),
    remove: (handle: Handle, condition) =>
      log.run({ what: "remove", about: keyOf(handle) }, () => inner.remove(handle, condition)),
    isNotFound: (error) => inner.isNotFound(error),
    isPermanent: (error) => inner.isPermanent(error),
    ...(inner.saveFile && {
      saveFile: (handle, file, options) =>
        log.run({ what: "save", about: keyOf(handle), isLong: true }, async (count) => {
          const info = await (inner.saveFile as SaveFile).call(inner, handle, file, options);
          count({ sent: file.size });
          return info;
        }),
    }),
    ...(inner.copyPlace && { copyPlace: inner.copyPlace }),
    ...(inner.copyFrom && {
      copyFrom: (source, handle, options) =>
        log.run({ what: "copy", about: keyOf(handle), isLong: true }, () =>
          (inner.copyFrom as CopyFrom).call(inner, source, handle, options),
        ),
    }),
    ...(inner.abandon && { abandon: inner.abandon.bind(inner) }),
    ...(inner.createPlace && {
      createPlace: (options) =>
        log.run({ what: "create", about: inner.location }, () => (inner.createPlace as Create).call(inner, options)),
    }),
    close: () => inner.close(),
  };
}

type CopyFrom = NonNullable<Backend["copyFrom"]>;
type Create = NonNullable<Backend["createPlace"]>;
type SaveFile = NonNullable<Backend["saveFile"]>;

interface Bytes {
  readonly sent?: number;
  readonly received?: number;
}

interface Operation {
  readonly what: string;
  readonly about: string;
  /** See Patience.ask. */
  readonly isLong?: boolean;
}

class Log {
  readonly #inner: Backend;
  readonly #trace: Trace | undefined;
  readonly #patience: Patience | undefined;
  #operations = 0;
  #sent = 0;
  #received = 0;

  constructor(inner: Backend, { trace, patience }: Listeners) {
    this.#inner = inner;
    this.#trace = trace;
    this.#patience = patience;
  }

  get traffic(): Traffic {
    const requests = this.#inner.traffic?.requests ?? this.#operations;
    return { requests, operations: this.#operations, sent: this.#sent, received: this.#received };
  }

  async run<T>(
    { what, about, isLong = false }: Operation,
    work: (count: (bytes: Bytes) => void) => Promise<T>,
  ): Promise<T> {
    const began = performance.now();
    const patience = this.#patience;
    const asked = patience?.ask(isLong);
    let moved = 0;
    this.#operations++;
    const count = ({ sent = 0, received = 0 }: Bytes) => {
      this.#sent += sent;
      this.#received += received;
      moved += sent + received;
      if (received === 0) return;
      patience?.hear();
      // From now on it may be the reader who takes his time.
      asked?.end();
    };
    const say = (outcome: string) =>
      this.#trace?.(`${what} ${about} ${moved} bytes ${Math.round(performance.now() - began)} ms ${outcome}`);
    try {
      const result = await work(count);
      patience?.answered();
      say("ok");
      return result;
    } catch (error) {
      if (isPermanentError(error)) patience?.answered();
      say(`failed: ${(error as Error).message}`);
      throw error;
    } finally {
      asked?.end();
    }
  }

  async *list(type: FileType, signal: AbortSignal | undefined): AsyncGenerator<FileInfo> {
    let found = 0;
    this.#operations++;
    const asked = this.#patience?.ask(false);
    try {
      for await (const info of this.#inner.list(type, signal)) {
        found++;
        this.#patience?.hear();
        asked?.end();
        yield info;
      }
    } finally {
      asked?.end();
      this.#trace?.(`list ${prefixOf(type)} ${found} objects`);
    }
  }
}

function counted(body: Body, count: (bytes: Bytes) => void): Body {
  return {
    async *[Symbol.asyncIterator]() {
      for await (const part of body) {
        count({ received: part.length });
        yield part;
      }
    },
    ...(body.each && {
      each: (take) =>
        (body.each as Each).call(body, (part) => {
          count({ received: part.length });
          take(part);
        }),
    }),
    ...(body.into && {
      into: async (target) => {
        const length = await (body.into as Into).call(body, target);
        count({ received: Math.min(length, target.length) });
        return length;
      },
    }),
  };
}

type Each = NonNullable<Body["each"]>;
type Into = NonNullable<Body["into"]>;

function rangeText(range: ByteRange | undefined): string {
  return range ? ` ${range.start}..${range.end ?? ""}` : "";
}
