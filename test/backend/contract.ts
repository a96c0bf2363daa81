import { createHash, randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { Backend, ByteRange, FileInfo } from "../../src/backend/backend.ts";
import type { FileType, Handle } from "../../src/backend/handle.ts";

export interface ContractSubject {
  /** An empty place that takes writes. Called once. */
  open(): Promise<Backend>;
  /** After the last test; the backend is closed already. */
  cleanUp?(): Promise<void>;
  /** Objects in the listing test. More than one page of the server's. Default 1,010. */
  readonly many?: number;
  readonly skip?: boolean;
}

export const pack = (): Handle => ({ type: "pack", name: randomBytes(32).toString("hex") });
export const git = (name: string): Handle => ({ type: "git", name });
export const format: Handle = { type: "format", name: "mlgit.json" };

/** All bytes of a range, and what `load` said about the object. */
export async function read(backend: Backend, handle: Handle, range?: ByteRange): Promise<Buffer> {
  return backend.load(handle, range, async (body) => {
    const parts: Uint8Array[] = [];
    for await (const part of body) parts.push(part);
    return Buffer.concat(parts);
  });
}

/** The same by the body's faster ways, where it has one. */
function readFaster(backend: Backend, handle: Handle, range?: ByteRange): Promise<Buffer> {
  return backend.load(handle, range, async (body, { size }) => {
    const parts: Uint8Array[] = [];
    if (body.into) {
      const target = Buffer.alloc(size + 1);
      parts.push(target.subarray(0, await body.into(target)));
    } else if (body.each) await body.each((part) => parts.push(Uint8Array.from(part)));
    else for await (const part of body) parts.push(part);
    return Buffer.concat(parts);
  });
}

export async function names(backend: Backend, type: FileType): Promise<string[]> {
  const found: string[] = [];
  for await (const info of backend.list(type)) found.push(info.handle.name);
  return found.sort();
}

/** What a promise fails with. Fails the test when it does not. */
export async function failure(work: Promise<unknown>): Promise<{ kind?: string; hint?: string; message: string }> {
  const outcome = await work.then(
    () => undefined,
    (error) => error,
  );
  if (outcome === undefined) throw new Error("it was expected to fail, and did not");
  return outcome;
}

const sha = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** What every backend has to keep, run against the real thing. */
export function describeBackend(title: string, subject: ContractSubject): void {
  (subject.skip ? describe.skip : describe)(`${title} backend keeps the contract`, () => {
    let backend: Backend;
    beforeAll(async () => {
      backend = await subject.open();
      await backend.save(format, Buffer.from("{}"));
    });
    afterAll(async () => {
      await backend?.close();
      await subject.cleanUp?.();
    });
    const get = () => backend;
    describeBytes(get);
    describeConditions(get);
    describeListing(get, subject.many ?? 1010);
    describeMisuse(get);
  });
}

function describeBytes(get: () => Backend): void {
  it("gives back what was saved, with its size and a tag", async () => {
    const handle = pack();
    const body = randomBytes(70_000);
    const saved = await get().save(handle, body);
    expect(saved).toMatchObject({ handle, size: body.length });
    expect((await read(get(), handle)).equals(body)).toBe(true);
    const info = await get().stat(handle);
    expect(info).toMatchObject({ handle, size: body.length, tag: saved.tag });
    expect(Math.abs(info.modified - Date.now())).toBeLessThan(3_600_000);
  });

  it("keeps an empty object", async () => {
    const handle = pack();
    await get().save(handle, new Uint8Array(0));
    expect((await get().stat(handle)).size).toBe(0);
    expect(await read(get(), handle)).toHaveLength(0);
    expect(await read(get(), handle, { start: 0 })).toHaveLength(0);
    expect(await read(get(), handle, { start: -32 })).toHaveLength(0);
  });

  it("gives exactly the bytes of a range, also of a 20 MiB object", async () => {
    const handle = pack();
    const body = randomBytes(20 << 20);
    let progress = 0;
    await get().save(handle, body, { onProgress: (bytes) => (progress += bytes) });
    expect(progress).toBe(body.length);
    expect(sha(await read(get(), handle))).toBe(sha(body));
    const ranges: [ByteRange, Buffer][] = [
      [{ start: 0, end: 1 }, body.subarray(0, 1)],
      [{ start: 8_388_600, end: 8_388_620 }, body.subarray(8_388_600, 8_388_620)],
      [{ start: 5, end: 17 << 20 }, body.subarray(5, 17 << 20)],
      [{ start: body.length - 1 }, body.subarray(-1)],
      [{ start: -100 }, body.subarray(-100)],
      [{ start: -(body.length + 100) }, body],
      [{ start: 7, end: 7 }, body.subarray(7, 7)],
    ];
    for (const [range, wanted] of ranges) {
      const info = await get().load(handle, range, async (_, about) => about);
      expect(info.size).toBe(body.length);
      expect(sha(await read(get(), handle, range))).toBe(sha(wanted));
      expect(sha(await readFaster(get(), handle, range))).toBe(sha(wanted));
    }
  });

  it("fails for a range beyond the end, and never gives fewer bytes", async () => {
    const handle = pack();
    await get().save(handle, Buffer.from("0123456789"));
    for (const range of [{ start: 5, end: 11 }, { start: 10, end: 11 }, { start: 11 }, { start: 50, end: 60 }]) {
      const error = await failure(read(get(), handle, range));
      expect(error.kind).toBe("corrupt");
      expect(get().isPermanent(error)).toBe(true);
      expect(get().isNotFound(error)).toBe(false);
    }
  });

  it("replaces an object whole: a reader sees the old or the new one", async () => {
    const handle = git("replaced");
    const bodies = [Buffer.alloc(300_000, "a"), Buffer.alloc(200_000, "b")];
    await get().save(handle, bodies[0]!);
    let writing = true;
    const writer = (async () => {
      for (let i = 1; i <= 12; i++) await get().save(handle, bodies[i % 2]!);
      writing = false;
    })();
    // A place that cannot do it says so; only what is there in the end counts then.
    const isAtomic = get().properties.atomicReplace !== false;
    for (let reads = 0; isAtomic && (writing || reads < 5); reads++) {
      const seen = await read(get(), handle);
      expect(bodies.some((body) => body.equals(seen))).toBe(true);
    }
    await writer;
    expect((await read(get(), handle)).equals(bodies[0]!)).toBe(true);
  });

  it("ends a load whose reader throws, with the reader's error", async () => {
    const handle = pack();
    await get().save(handle, randomBytes(9 << 20));
    for (let i = 0; i < 20; i++) {
      const error = await failure(
        get().load(handle, undefined, async (body) => {
          const stop = () => {
            throw new Error("the reader has had enough");
          };
          if (body.each && i % 2 === 0) await body.each(stop);
          for await (const _ of body) stop();
        }),
      );
      expect(error.message).toBe("the reader has had enough");
    }
    // Twenty leaked connections would leave none for this one.
    expect(await read(get(), handle, { start: -3 })).toHaveLength(3);
  });

  it("ends a load whose reader stops early", async () => {
    const handle = pack();
    await get().save(handle, randomBytes(9 << 20));
    for (let i = 0; i < 20; i++) expect(await get().load(handle, undefined, async () => "enough")).toBe("enough");
    expect(await read(get(), handle, { start: -3 })).toHaveLength(3);
  });

  it("stops when it is told to", async () => {
    const handle = pack();
    const abort = new AbortController();
    abort.abort();
    const signal = abort.signal;
    expect((await failure(get().save(handle, randomBytes(10), { signal }))).kind).toBe("interrupted");
    expect((await failure(get().stat(handle, signal))).kind).toBe("interrupted");
    expect((await failure(get().load(handle, undefined, async () => 1, signal))).kind).toBe("interrupted");
    expect(get().isNotFound(await failure(get().stat(handle)))).toBe(true);
  });

  it("leaves nothing behind when a save is stopped halfway", async () => {
    const handle = pack();
    const before = await names(get(), "pack");
    const abort = new AbortController();
    const saving = get().save(handle, randomBytes(40 << 20), { signal: abort.signal, onProgress: () => abort.abort() });
    const error = await saving.then(
      () => undefined,
      (reason) => reason,
    );
    // A place that sends it in one piece may have been done already.
    if (error) expect(error.kind).toBe("interrupted");
    expect(await names(get(), "pack")).toEqual(error ? before : [...before, handle.name].sort());
  });

  it("stops reading when it is told to", async () => {
    const handle = pack();
    await get().save(handle, randomBytes(20 << 20));
    const abort = new AbortController();
    const error = await failure(
      get().load(
        handle,
        undefined,
        async (body) => {
          for await (const _ of body) abort.abort();
        },
        abort.signal,
      ),
    );
    expect(error.kind).toBe("interrupted");
  });
}

function describeConditions(get: () => Backend): void {
  it("lets one of several writers create an object", async () => {
    if (!get().properties.exclusiveCreate) return;
    for (let round = 0; round < 5; round++) {
      const handle = git(`race/${round}`);
      const bodies = Array.from({ length: 8 }, (_, i) => Buffer.from(`writer ${i} of round ${round}`));
      const results = await Promise.allSettled(bodies.map((body) => get().save(handle, body, { ifAbsent: true })));
      const winners = results.flatMap((result, i) => (result.status === "fulfilled" ? [i] : []));
      expect(winners).toHaveLength(1);
      expect((await read(get(), handle)).equals(bodies[winners[0]!]!)).toBe(true);
      expectLost(get(), results);
    }
  });

  it("does not replace an object that was to be created, whatever its size", async () => {
    if (!get().properties.exclusiveCreate) return;
    for (const size of [10, 18 << 20]) {
      const handle = pack();
      const first = randomBytes(size);
      await get().save(handle, first, { ifAbsent: true });
      expect((await failure(get().save(handle, randomBytes(size), { ifAbsent: true }))).kind).toBe("conflict");
      expect(sha(await read(get(), handle))).toBe(sha(first));
    }
  });

  it("replaces an object only while it has the tag that was seen", async () => {
    const handle = git("swap");
    const first = await get().save(handle, Buffer.from("one"));
    if (first.tag === undefined) return;
    const seen = await get().load(handle, undefined, async (_, info) => info.tag);
    if (get().properties.compareAndSwap) expect(seen).toBe(first.tag);
    const second = await get().save(handle, Buffer.from("two!"), { ifMatch: first.tag });
    expect(second.tag).not.toBe(first.tag);
    expect((await failure(get().save(handle, Buffer.from("three"), { ifMatch: first.tag }))).kind).toBe("conflict");
    expect((await read(get(), handle)).toString()).toBe("two!");
    const gone = await failure(get().save(git("never"), Buffer.from("x"), { ifMatch: first.tag }));
    expect(gone.kind).toBe("conflict");
    expect(get().isNotFound(await failure(get().stat(git("never"))))).toBe(true);
  });

  it("lets one of several writers swap an object", async () => {
    if (!get().properties.compareAndSwap) return;
    for (let round = 0; round < 5; round++) {
      const handle = git(`swap/${round}`);
      const ifMatch = (await get().save(handle, Buffer.from("base"))).tag!;
      const bodies = Array.from({ length: 8 }, (_, i) => Buffer.from(`writer ${i} of round ${round}`));
      const results = await Promise.allSettled(bodies.map((body) => get().save(handle, body, { ifMatch })));
      const winners = results.flatMap((result, i) => (result.status === "fulfilled" ? [i] : []));
      expect(winners).toHaveLength(1);
      expect((await read(get(), handle)).equals(bodies[winners[0]!]!)).toBe(true);
      expectLost(get(), results);
    }
  });
}

/** A loser hears that it lost, or something that makes it try again and hear it then (Ceph 16 answers 500 to some). */
function expectLost(backend: Backend, results: readonly PromiseSettledResult<unknown>[]): void {
  for (const result of results) {
    if (result.status === "fulfilled" || !backend.isPermanent(result.reason)) continue;
    expect(result.reason.kind).toBe("conflict");
  }
}

function describeListing(get: () => Backend, many: number): void {
  it(`lists ${many} objects, each once, with size and tag`, async () => {
    const wanted = Array.from({ length: many }, (_, i) => `many/${String(i).padStart(5, "0")}`);
    await inBatches(wanted, (name) => get().save({ type: "gc", name }, Buffer.from(name)));
    const found: FileInfo[] = [];
    for await (const info of get().list("gc")) found.push(info);
    expect(found.map((info) => info.handle.name).sort()).toEqual(wanted);
    expect(found.every((info) => info.size === 10)).toBe(true);
    const one = await get().stat(found[0]!.handle);
    expect(found[0]!.tag).toBe(one.tag);
  });

  it("stops a listing that is cancelled or left", async () => {
    const abort = new AbortController();
    let seen = 0;
    const cancelled = (async () => {
      for await (const _ of get().list("gc", abort.signal)) if (++seen === 3) abort.abort();
    })();
    expect((await failure(cancelled)).kind).toBe("interrupted");
    expect(seen).toBeLessThan(many);
    for await (const _ of get().list("gc")) break;
  });

  it("lists each type by itself, and nothing for a type that was never written", async () => {
    const handle: Handle = { type: "index", name: randomBytes(32).toString("hex") };
    expect(await names(get(), "index")).toEqual([]);
    await get().save(handle, Buffer.from("segment"));
    expect(await names(get(), "index")).toEqual([handle.name]);
    expect(await names(get(), "format")).toEqual(["mlgit.json"]);
    expect(await names(get(), "pack")).not.toContain(handle.name);
  });

  it("keeps odd names as they are", async () => {
    const odd = [
      "a b",
      "plus+per%cent%20",
      "é/ünï/文",
      "hash#and?query&=",
      "..dots../.x",
      "~tilde!$'()*,;:@[]",
      "UPPER/upper",
    ];
    for (const name of odd) await get().save(git(`odd/${name}`), Buffer.from(name));
    for (const name of odd) expect((await read(get(), git(`odd/${name}`))).toString()).toBe(name);
    expect((await names(get(), "git")).filter((name) => name.startsWith("odd/"))).toEqual(
      odd.map((o) => `odd/${o}`).sort(),
    );
    for (const name of odd) await get().remove(git(`odd/${name}`));
    expect((await names(get(), "git")).filter((name) => name.startsWith("odd/"))).toEqual([]);
  });
}

function describeMisuse(get: () => Backend): void {
  it("tells a missing object from every other failure", async () => {
    const look = [() => get().stat(pack()), () => read(get(), pack()), () => read(get(), pack(), { start: -5 })];
    for (const work of look) {
      const error = await failure(work());
      expect(get().isNotFound(error)).toBe(true);
      expect(get().isPermanent(error)).toBe(true);
      expect(error.kind).toBe("missing");
    }
    expect(get().isNotFound(new Error("other"))).toBe(false);
  });

  it("removes an object, and one that is not there", async () => {
    const handle = pack();
    await get().save(handle, Buffer.from("x"));
    await get().remove(handle);
    expect(get().isNotFound(await failure(get().stat(handle)))).toBe(true);
    await get().remove(handle);
    await get().save(handle, Buffer.from("again"), { ifAbsent: true });
    expect((await read(get(), handle)).toString()).toBe("again");
  });

  it("refuses names that leave the store", async () => {
    const bad = [
      "",
      ".",
      "..",
      "../x",
      "a/../../x",
      "/abs",
      "a//b",
      "a/",
      "nul\0",
      "line\nbreak",
      "a\\b",
      "x".repeat(256),
    ];
    for (const name of bad)
      expect((await failure(tried(() => get().save(git(name), Buffer.from("x"))))).kind).toBe("refused");
    const notIds: Handle[] = [
      { type: "pack", name: "../../etc" },
      { type: "index", name: "ABC" },
      { type: "format", name: "other.json" },
    ];
    for (const handle of notIds) expect((await failure(tried(() => read(get(), handle)))).kind).toBe("refused");
  });

  it("shows no credentials in its location", () => {
    expect(get().location).not.toMatch(/secret/i);
  });
}

async function tried<T>(work: () => Promise<T>): Promise<T> {
  return work();
}

async function inBatches<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < items.length; at += 32) await Promise.all(items.slice(at, at + 32).map(work));
}
