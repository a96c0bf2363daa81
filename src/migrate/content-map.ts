import { closeSync, fsyncSync, openSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { onDisk } from "../error/disk-error.ts";
import { systemCode } from "../error/mlgit-error.ts";
import type { Pointer } from "../pointer/pointer.ts";
import { makeFolder, writeAll } from "../util/durable.ts";

/**
 * What contents that another tool names by its own hash are called here: lines `<foreign name> <oid> <size>`, appended when the content is verified and
 * durable, so that a later run does not read it again. An unfinished last line counts for nothing.
 */
export class ContentMap {
  readonly #file: string;
  readonly #known = new Map<string, Pointer>();

  constructor(file: string) {
    this.#file = file;
    for (const line of readLines(file)) {
      const [, name = "", oid = "", size = ""] = /^(\S+) ([0-9a-f]{64}) (\d{1,15})$/.exec(line) ?? [];
      if (name !== "") this.#known.set(name, { oid, size: Number(size) });
    }
  }

  get(name: string): Pointer | undefined {
    return this.#known.get(name);
  }

  /** Call it only for what the cache has made durable. */
  add(entries: readonly (readonly [name: string, pointer: Pointer])[]): void {
    if (entries.length === 0) return;
    // The line feed first ends what a killed run may have left.
    const lines = entries.map(([name, { oid, size }]) => `${name} ${oid} ${size}\n`);
    onDisk("write", this.#file, () => appendDurable(this.#file, `\n${lines.join("")}`));
    for (const [name, pointer] of entries) this.#known.set(name, pointer);
  }
}

function appendDurable(file: string, text: string): void {
  makeFolder(dirname(file));
  const fd = openSync(file, "a", 0o666);
  try {
    writeAll(fd, Buffer.from(text));
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function readLines(file: string): string[] {
  try {
    // What follows the last line feed was being written when somebody was killed.
    return readFileSync(file, "utf8").split("\n").slice(0, -1);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
}
