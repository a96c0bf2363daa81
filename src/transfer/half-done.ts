import { accessSync, constants, existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { uniqueName } from "../util/durable.ts";
import { mayBeAlive, processMark } from "../util/process-mark.ts";

const namePattern = /^fetch-([0-9a-f]{64})-(.+)$/;
const left = "left-";

/**
 * Large files that are being fetched, `tmp/fetch-<oid>-<process>-<random>`. One whose process is gone, or was left with a lost line, is taken over by
 * the next fetch of the same content; each chunk in it counts only when it hashes to its id. What nobody wants is swept with the rest of `tmp/`.
 */
export class HalfDone {
  readonly #folder: string;
  /** By oid: names of files that nobody works on. */
  readonly #found: Map<string, string>;

  constructor(folder: string) {
    this.#folder = folder;
    this.#found = new Map(readdirSync(folder).flatMap(claimable));
  }

  /** Where the content is to grow; `begun` when some of it may be there. */
  claim(oid: string): { readonly path: string; readonly begun: boolean } {
    const path = join(this.#folder, `fetch-${oid}-${processMark()}-${uniqueName()}`);
    return { path, begun: this.#take(oid, path) };
  }

  /** Gives a file to whoever fetches its content next. */
  leave(path: string): void {
    const [, oid = ""] = namePattern.exec(path.slice(this.#folder.length + 1)) ?? [];
    if (existsSync(path)) renameSync(path, join(this.#folder, `fetch-${oid}-${left}${uniqueName()}`));
  }

  /** Of several processes one gets it. */
  #take(oid: string, path: string): boolean {
    const name = this.#found.get(oid);
    this.#found.delete(oid);
    if (name === undefined) return false;
    try {
      renameSync(join(this.#folder, name), path);
    } catch {
      return false;
    }
    return isOurs(path);
  }
}

/** In a shared cache another user may have begun it: then it begins anew, or nobody else could ever fetch that content. */
function isOurs(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    rmSync(path, { force: true });
    return false;
  }
}

function claimable(name: string): [string, string][] {
  const [, oid, owner = ""] = namePattern.exec(name) ?? [];
  if (oid === undefined) return [];
  return owner.startsWith(left) || !mayBeAlive(owner) ? [[oid, name]] : [];
}
