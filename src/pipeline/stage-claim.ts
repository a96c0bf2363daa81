import { join } from "node:path";
import { livingOwner, lockOwner, takeLock } from "../util/owner-lock.ts";
import { mayBeAlive } from "../util/process-mark.ts";

/** Where a command writes down that it begins, in the folder of a stage that is running. */
export function startNote(folder: string): string {
  return join(folder, "started");
}

/** Where the process that started the command notes which one it is. */
export function commandNote(folder: string): string {
  return join(folder, "command");
}

/**
 * The mark of the process that works on a stage; undefined when nobody does. Nobody will begin any more then: a command begins by making the
 * file that this makes in its place, and whoever comes second gives up. So what it would work in may be taken away.
 */
export function claimStopped(folder: string): string | undefined {
  const noted = lockOwner(commandNote(folder));
  if (noted !== undefined) return mayBeAlive(noted) ? noted : undefined;
  return takeLock(startNote(folder)) ? undefined : livingOwner(startNote(folder));
}
