import { MlgitError } from "../error/mlgit-error.ts";
import { counted } from "../util/counted.ts";
import { uniqueName } from "../util/durable.ts";
import type { Backend } from "./backend.ts";
import type { Handle } from "./handle.ts";

/** Clocks differ by seconds, and servers tell whole ones. In milliseconds. */
const tolerated = 120_000;

/**
 * To be called before something goes because it is older than a grace period (milliseconds): by a clock that is far ahead of the place's everything is, and what
 * others are sending just now would go, too; what is marked by one that is far behind is old at once for everybody else. Writes an object and removes it.
 * @throws MlgitError kind `refused`, or the backend's
 */
export async function assertClock(backend: Backend, graceMs: number): Promise<void> {
  // Whoever wants no grace period trusts that nobody writes.
  if (graceMs === 0) return;
  const handle = { type: "gc", name: `clock-${uniqueName()}` } as const;
  const now = Date.now();
  await backend.save(handle, Buffer.from(`${now}\n`));
  const modified = await modifiedAt(backend, handle);
  await backend.remove(handle);
  const ahead = modified === 0 ? 0 : now - modified;
  if (Math.abs(ahead) <= Math.max(graceMs / 2, tolerated)) return;
  const hours = `${counted(Math.round(Math.abs(ahead) / 3_600_000), "hour")} ${ahead > 0 ? "ahead of" : "behind"}`;
  throw new MlgitError("refused", `the clock here is ${hours} that of ${backend.location}`, {
    hint: "set this machine's clock, then run the same command again; nothing was removed",
  });
}

/** 0 where the place does not say how old an object is, or does not show it yet. */
async function modifiedAt(backend: Backend, handle: Handle): Promise<number> {
  try {
    return (await backend.stat(handle)).modified;
  } catch (error) {
    if (backend.isNotFound(error)) return 0;
    throw error;
  }
}
