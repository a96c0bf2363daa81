import { readFileSync, statSync } from "node:fs";
import { MlgitError } from "../error/mlgit-error.ts";
import { writeAll } from "../git/fd.ts";
import { isUnknownPointer, parsePointer, pointerLimit } from "../pointer/pointer.ts";
import { formatBytes } from "../util/format-bytes.ts";
import { hashFile } from "../util/hash-file.ts";
import type { Command } from "./command.ts";

/**
 * What `git diff` compares of a tracked file: its oid and size, whether the file git hands over is the pointer or the bytes.
 * The text is the same in both cases, so a hydrated file does not differ from its pointer.
 */
export const command: Command = {
  raw: true,
  async run(_context, args) {
    const path = args.at(-1);
    if (path === undefined)
      throw new MlgitError("usage", "textconv needs a file", { hint: "git calls it for `git diff`" });
    writeAll(1, [Buffer.from(describe(path))]);
    return {};
  },
};

function describe(path: string): string {
  const { size } = statSync(path);
  const small = size < pointerLimit ? readFileSync(path) : undefined;
  if (small?.length === 0) return "";
  if (small && isUnknownPointer(small)) return small.toString("utf8");
  const { oid, size: length } = (small && parsePointer(small)) ?? { oid: hashFile(path), size };
  return `oid sha256:${oid}\nsize ${length} (${formatBytes(length)})\n`;
}
