import { closeSync, openSync, readFileSync, statSync } from "node:fs";
import { onDisk } from "../error/disk-error.ts";
import { MlgitError } from "../error/mlgit-error.ts";
import { writeAll } from "../git/fd.ts";
import { isUnknownPointer, type Pointer, parsePointer, pointerLimit } from "../pointer/pointer.ts";
import { formatBytes } from "../util/format-bytes.ts";
import { hashFile } from "../util/hash-file.ts";
import type { Command, Context } from "./command.ts";
import { Session } from "./session.ts";
import { bytesSource, fileSource } from "./summary/byte-source.ts";
import { summaryOf } from "./summary/summarize.ts";

/**
 * What `git diff` compares of a tracked file: its oid and size, and what a table or a document holds, whether the file git hands over is the pointer or the bytes.
 * The text is the same in both cases while the cache has the content, so a hydrated file does not differ from its pointer. Never fetches.
 */
export const command: Command = {
  raw: true,
  arguments: [{ name: "<file>", description: "a pointer or content" }],
  async run(context, args) {
    const path = args.at(-1);
    if (path === undefined)
      throw new MlgitError("usage", "textconv needs a file", { hint: "git calls it for `git diff`" });
    writeAll(1, [Buffer.from(await describe(path, context))]);
    return {};
  },
};

async function describe(path: string, context: Context): Promise<string> {
  const size = sizeOf(path);
  const small = size < pointerLimit ? readFileSync(path) : undefined;
  if (small?.length === 0) return "";
  if (small && isUnknownPointer(small)) return small.toString("utf8");
  const pointer = small && parsePointer(small);
  const { oid, size: length } = pointer ?? { oid: hashFile(path), size };
  const lines = [`oid sha256:${oid}`, `size ${length} (${formatBytes(length)})`];
  const summary = await orWhyNot(() => (pointer ? ofPointer(path, pointer, context) : ofFile(path, path)));
  return `${[...lines, ...summary].join("\n")}\n`;
}

/** @throws MlgitError kind `usage` where there is no file; `denied` and `disk` */
function sizeOf(path: string): number {
  const stat = onDisk("read", path, () => statSync(path, { throwIfNoEntry: false }));
  if (stat && !stat.isDirectory()) return stat.size;
  throw new MlgitError("usage", stat ? `${path} is a folder` : `there is no file ${path}`, {
    path,
    hint: "git calls textconv with a file for `git diff`; to look at one: git mlgit textconv <file>",
  });
}

/** `name` says what it holds, `file` is where it lies. */
async function ofFile(name: string, file: string): Promise<string[]> {
  const summarize = summaryOf(name);
  if (!summarize) return [];
  const fd = openSync(file, "r");
  try {
    return await summarize(fileSource(fd, statSync(file).size));
  } finally {
    closeSync(fd);
  }
}

/** From the cache alone: what lacks there is said, and not fetched to show a difference. */
async function ofPointer(name: string, { oid }: Pointer, context: Context): Promise<string[]> {
  const summarize = summaryOf(name);
  if (!summarize) return [];
  const session = await Session.open(context);
  try {
    const found = (await session.cacheToRead()).get(oid);
    if (!found) return ["not in the cache, so not looked into: git mlgit fetch brings it"];
    return found.kind === "file" ? await ofFile(name, found.path) : await summarize(bytesSource(found.content));
  } finally {
    await session.close();
  }
}

/** Whatever goes wrong here, oid and size are known: one odd file must not end a `git log -p` over all. */
async function orWhyNot(look: () => Promise<string[]>): Promise<string[]> {
  try {
    return await look();
  } catch (error) {
    return [`not looked into: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}`];
  }
}
