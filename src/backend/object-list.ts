import type { FileInfo } from "./backend.ts";
import { BackendError } from "./backend-error.ts";
import { type FileType, type Handle, handleOf, keyOf } from "./handle.ts";

/** Where the list of objects lies, for a place that cannot list: docs/format/list.md. Beside `mlgit.json`. */
export const listName = "mlgit-list.txt";

export const listedTypes: readonly FileType[] = ["format", "gc", "index", "pack"];

const firstLine = "mlgit-list 1";

/** The text of the list: a line for each object, sorted by key, and their number, so that a cut list is found out. */
export function formatList(objects: Iterable<{ readonly handle: Handle; readonly size: number }>): string {
  const lines = [...objects].map(({ handle, size }) => [keyOf(handle), size] as const);
  lines.sort(([a], [b]) => (a < b ? -1 : 1));
  return [firstLine, ...lines.map(([key, size]) => `${size} ${key}`), `end ${lines.length}`, ""].join("\n");
}

/**
 * The objects of one type in a list.
 * @throws BackendError kind `corrupt` for a text that is no list, or a part of one.
 */
export function parseList(text: string, type: FileType, location: string): FileInfo[] {
  const lines = text.split("\n");
  if (lines[0] !== firstLine || lines.at(-1) !== "" || lines.at(-2) !== `end ${lines.length - 3}`)
    throw new BackendError("corrupt", `${listName} of ${location} is not a whole list of objects`, {
      path: listName,
      hint: "is the address right? whoever keeps the place can copy it again, or write it anew: git mlgit publish --static <folder>",
    });
  return lines.slice(1, -2).flatMap((line) => {
    const [, size, key = ""] = /^(\d{1,15}) (.+)$/.exec(line) ?? [];
    const handle = handleOf(type, key);
    return handle ? [{ handle, size: Number(size), modified: 0, tag: undefined }] : [];
  });
}
