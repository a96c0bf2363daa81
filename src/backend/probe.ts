import { randomBytes } from "node:crypto";
import type { Backend, FileInfo, Guarantees, SaveCondition } from "./backend.ts";
import { type Handle, probeFolder } from "./handle.ts";

export interface ProbeOptions {
  readonly signal?: AbortSignal;
  /** Races of each kind. A server that looks first and writes later loses one of them soon. Default 5. */
  readonly rounds?: number;
  /** Writers in each race. Default 16. */
  readonly writers?: number;
}

/**
 * Finds out what a place really keeps when several writers race, for the store's marker. Some servers ignore conditions and say yes; some keep them
 * one by one and not in a race. Writes a few hundred small objects below `gc/probe/`, and removes them.
 * What a backend knows that it cannot do is not tried.
 * @throws the backend's errors, except those that only say that a condition is not supported.
 */
export async function probeGuarantees(backend: Backend, options: ProbeOptions = {}): Promise<Guarantees> {
  if (!backend.properties.writable) return { exclusiveCreate: false, compareAndSwap: false };
  const probe = new Probe(backend, options);
  try {
    const exclusiveCreate = await supported(() => probe.exclusiveCreate());
    const compareAndSwap = await supported(() => probe.compareAndSwap());
    // Looked at after the attempts: a folder learns from the first one that it has no hard links.
    const { properties } = backend;
    return {
      exclusiveCreate: exclusiveCreate && properties.exclusiveCreate !== false,
      compareAndSwap: compareAndSwap && properties.compareAndSwap !== false,
    };
  } finally {
    await probe.cleanUp();
  }
}

async function supported(test: () => Promise<boolean>): Promise<boolean> {
  try {
    return await test();
  } catch (error) {
    // A condition that held and was refused all the same: Ceph 16 in a bucket with versions.
    if (kindOf(error) === "unsupported" || kindOf(error) === "conflict") return false;
    throw error;
  }
}

class Probe {
  readonly #backend: Backend;
  readonly #folder = `${probeFolder}${randomBytes(8).toString("hex")}`;
  readonly #made: Handle[] = [];
  readonly #signal: { readonly signal?: AbortSignal };
  readonly #rounds: number;
  readonly #writers: number;

  constructor(backend: Backend, { signal, rounds = 5, writers = 16 }: ProbeOptions) {
    this.#backend = backend;
    this.#signal = signal ? { signal } : {};
    this.#rounds = rounds;
    this.#writers = writers;
  }

  async exclusiveCreate(): Promise<boolean> {
    const first = this.#object();
    await this.#save(first, "first", { ifAbsent: true });
    if (!(await this.#isRefused(first, "second", { ifAbsent: true }))) return false;
    for (let round = 0; round < this.#rounds; round++)
      if (!(await this.#hasOneWinner(this.#object(), { ifAbsent: true }))) return false;
    return true;
  }

  async compareAndSwap(): Promise<boolean> {
    if (this.#backend.properties.compareAndSwap === false) return false;
    const object = this.#object();
    const { tag: first } = await this.#save(object, "first");
    if (first === undefined) return false;
    const { tag: second } = await this.#save(object, "second", { ifMatch: first });
    if (second === undefined || !(await this.#isRefused(object, "third", { ifMatch: first }))) return false;
    if (!(await this.#isRefused(this.#object(), "nothing there", { ifMatch: first }))) return false;
    for (let round = 0; round < this.#rounds; round++) {
      const raced = this.#object();
      const { tag } = await this.#save(raced, "base");
      if (tag === undefined || !(await this.#hasOneWinner(raced, { ifMatch: tag }))) return false;
    }
    return true;
  }

  async cleanUp(): Promise<void> {
    await Promise.allSettled(this.#made.map((handle) => this.#backend.remove(handle)));
  }

  #object(): Handle {
    const handle: Handle = { type: "gc", name: `${this.#folder}/${this.#made.length}` };
    this.#made.push(handle);
    return handle;
  }

  #save(handle: Handle, text: string, condition: SaveCondition = {}): Promise<FileInfo> {
    return this.#backend.save(handle, Buffer.from(text), { ...condition, ...this.#signal });
  }

  /** True when the save fails as a lost race, and the object is what it was. */
  async #isRefused(handle: Handle, text: string, condition: SaveCondition): Promise<boolean> {
    const refused = await this.#save(handle, text, condition).then(
      () => false,
      (error) => {
        if (kindOf(error) === "conflict") return true;
        throw error;
      },
    );
    return refused && (await this.#content(handle)) !== text;
  }

  async #hasOneWinner(handle: Handle, condition: SaveCondition): Promise<boolean> {
    const texts = Array.from({ length: this.#writers }, (_, i) => `writer ${i}`);
    const results = await Promise.allSettled(texts.map((text) => this.#save(handle, text, condition)));
    const broken = results.find((result) => result.status === "rejected" && kindOf(result.reason) !== "conflict");
    if (broken?.status === "rejected") throw broken.reason;
    const winners = texts.filter((_, i) => results[i]?.status === "fulfilled");
    return winners.length === 1 && winners[0] === (await this.#content(handle));
  }

  async #content(handle: Handle): Promise<string | undefined> {
    try {
      return await this.#backend.load(handle, undefined, textOf, this.#signal.signal);
    } catch (error) {
      if (this.#backend.isNotFound(error)) return undefined;
      throw error;
    }
  }
}

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(part);
  return Buffer.concat(parts).toString();
}

function kindOf(error: unknown): unknown {
  return (error as { kind?: unknown } | null)?.kind;
}
