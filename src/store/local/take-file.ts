import { rmSync } from "node:fs";
import { join } from "node:path";
import { uniqueName } from "../../util/durable.ts";
import { mayBeAlive, processMark } from "../../util/process-mark.ts";
import type { CacheLayout } from "./layout.ts";

const prefix = "take-";
let mark: string | undefined;

/** Where content of unknown hash grows, `tmp/take-<process>-<random>`: it may be large, and what a killed process leaves of it goes when the cache is opened next. */
export function takeFile({ temp }: CacheLayout): string {
  mark ??= processMark();
  return join(temp, `${prefix}${mark}-${uniqueName()}`);
}

/** Removes such a file of a process that is gone; false for anything else. */
export function removeDeadTake({ temp }: CacheLayout, name: string): boolean {
  if (!name.startsWith(prefix) || mayBeAlive(name.slice(prefix.length))) return false;
  try {
    rmSync(join(temp, name), { force: true });
  } catch {
    // Another user's, or a cache that can only be read.
  }
  return true;
}
