import { randomBytes } from "node:crypto";
import type { Backend, Guarantees } from "../backend/backend.ts";
import { type Handle, probeFolder } from "../backend/handle.ts";
import { probeGuarantees } from "../backend/probe.ts";
import { isMlgitError, MlgitError } from "../error/mlgit-error.ts";

export interface StoreReport {
  readonly location: string;
  /** False for a place that can only be read; everything below is then absent. */
  readonly writable: boolean;
  readonly guarantees?: Guarantees;
  /** Whoever reads or lists right after a write sees what was written, also in place of something else. */
  readonly readAfterWrite?: boolean;
  readonly latencyMs?: number;
  readonly uploadBytesPerSecond?: number;
  readonly downloadBytesPerSecond?: number;
  /** False where these credentials may write and not remove; what was tried stays there. */
  readonly removable?: boolean;
}

const sampleBytes = 8 * 1024 * 1024;
/** A place whose readers lag shows it in one of a few tries, if at all. */
const freshTries = 5;

/**
 * Writes, reads back, compares and removes objects below `gc/probe/`, and finds out what the place keeps in a race. Nothing stays behind
 * but what may not be removed: who only pushes needs no such right (docs/security.md).
 * @throws MlgitError what the place says, or kind `corrupt` when it gives back other bytes than it got.
 */
export async function testStore(backend: Backend, signal: AbortSignal): Promise<StoreReport> {
  const { location, properties } = backend;
  if (!properties.writable) return { location, writable: false };
  const name = `${probeFolder}${randomBytes(8).toString("hex")}`;
  const large: Handle = { type: "gc", name };
  const small: Handle = { type: "gc", name: `${name}-small` };
  const remove = () => Promise.all([backend.remove(large), backend.remove(small)]);
  try {
    const report = await tryOut(backend, { large, small, signal });
    return { ...report, removable: await isAllowed(remove) };
  } catch (error) {
    // What went wrong first says more than that nothing can be removed either.
    await remove().catch(() => undefined);
    throw error;
  }
}

interface Trial {
  readonly large: Handle;
  readonly small: Handle;
  readonly signal: AbortSignal;
}

async function tryOut(backend: Backend, { large, small, signal }: Trial): Promise<StoreReport> {
  const sample = randomBytes(sampleBytes);
  const first = await timed(() => backend.save(small, Buffer.from("mlgit"), { signal }));
  const upload = await timed(() => backend.save(large, sample, { signal }));
  const download = await timed(() => readBack(backend, large, { sample, signal }));
  const readAfterWrite = await isFresh(backend, small, signal);
  const guarantees = await probeGuarantees(backend, { signal });
  return {
    location: backend.location,
    writable: true,
    guarantees,
    readAfterWrite,
    latencyMs: Math.round(first),
    uploadBytesPerSecond: Math.round((sampleBytes / upload) * 1000),
    downloadBytesPerSecond: Math.round((sampleBytes / download) * 1000),
  };
}

async function isAllowed(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (isMlgitError(error) && error.kind === "denied") return false;
    throw error;
  }
}

/** Replaces an object several times, and looks at it and for it at once. */
async function isFresh(backend: Backend, handle: Handle, signal: AbortSignal): Promise<boolean> {
  for (let i = 0; i < freshTries; i++) {
    const body = Buffer.from(`try ${"x".repeat(i)}`);
    await backend.save(handle, body, { signal });
    const seen = await backend.load(handle, undefined, async (parts) => collect(parts), signal);
    const names: string[] = [];
    for await (const info of backend.list(handle.type, signal)) names.push(info.handle.name);
    if (!seen.equals(body) || !names.includes(handle.name)) return false;
  }
  return true;
}

async function collect(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(Buffer.from(part));
  return Buffer.concat(parts);
}

async function readBack(
  backend: Backend,
  handle: Handle,
  { sample, signal }: { sample: Buffer; signal: AbortSignal },
): Promise<void> {
  if ((await backend.load(handle, undefined, collect, signal)).equals(sample)) return;
  throw new MlgitError("corrupt", `${backend.location} gave back other bytes than were written to it`, {
    path: handle.name,
    hint: "do not use this place; tell whoever runs it",
  });
}

/** Milliseconds, never 0. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return Math.max(performance.now() - begin, 0.001);
}
