import { mkdir, rename, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { type Logger, pino } from "pino";

const largest = 4 * 1024 * 1024;
const kept = 3;

/** Opens a log for appending, after moving one that grew past 4 MiB aside; `.1` is the newest of three old ones. */
export async function openLogFile(path: string): Promise<Logger> {
  await mkdir(dirname(path), { recursive: true });
  await rotate(path);
  // Written through at once: what was logged just before a crash is what one looks for.
  const destination = pino.destination({ dest: path, sync: true, mode: 0o600 });
  destination.on("error", () => {});
  return pino({ base: { pid: process.pid }, timestamp: false }, destination);
}

/** Two processes may do this at once: the loser finds its file gone, which is what it wanted. */
async function rotate(path: string): Promise<void> {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  if (size < largest) return;
  for (let n = kept - 1; n >= 0; n -= 1)
    await rename(n === 0 ? path : `${path}.${n}`, `${path}.${n + 1}`).catch(() => {});
}
