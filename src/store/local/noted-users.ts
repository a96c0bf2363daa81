import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A remote that uses a store. */
export interface StoreUser {
  /** The store's id. */
  readonly store: string;
  readonly remote: string;
}

/** Milliseconds: far less than a collection waits before it deletes, so that a note that somebody took away comes back in time. */
const fresh = 3 * 24 * 60 * 60 * 1000;

/** Whether a clone with this cache noted it in the store lately: `journal/users`, lines of `<ms since 1970> <store id> <remote>`. */
export function wasNoted(journal: string, user: StoreUser, now = Date.now()): boolean {
  return read(journal).some((line) => {
    const [when = "", store, ...remote] = line.split(" ");
    const age = now - Number(when);
    return store === user.store && remote.join(" ") === user.remote && age >= 0 && age < fresh;
  });
}

/** Only a help: where it cannot be written the store is told at each push. */
export function rememberNoted(journal: string, { store, remote }: StoreUser, now = Date.now()): void {
  try {
    appendFileSync(pathOf(journal), `${now} ${store} ${remote}\n`);
  } catch {
    // As above.
  }
}

function read(journal: string): string[] {
  try {
    return readFileSync(pathOf(journal), "utf8").split("\n");
  } catch {
    return [];
  }
}

function pathOf(journal: string): string {
  return join(journal, "users");
}
