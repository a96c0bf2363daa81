import { quotePath } from "../git/quote-path.ts";
import { formatBytes } from "../util/format-bytes.ts";
import type { Command } from "./command.ts";
import { holdsPointer } from "./hydrate.ts";
import { needTreeish } from "./need-treeish.ts";
import { Session } from "./session.ts";
import { below, indexFiles, treeFiles } from "./tracked-files.ts";

/** Lists tracked files with their oids. */
export const command = {
  arguments: [{ name: "[paths...]", description: "files or folders; default: all" }],
  options: [
    { flags: "--ref <commit>", description: "list the files of a commit, branch or tag and not of the index" },
    { flags: "-l, --long", description: "print whole oids" },
    { flags: "-s, --size", description: "print sizes" },
    { flags: "-n, --name-only", description: "print paths only" },
    { flags: "-z", description: "with --name-only: raw paths, each ended by NUL" },
  ],
  async run(context, paths, options) {
    const session = await Session.open(context);
    try {
      const { repository } = session;
      const ref = options.ref as string | undefined;
      if (ref !== undefined) await needTreeish(repository, [ref]);
      const all = ref === undefined ? await indexFiles(repository) : await treeFiles(repository, ref);
      const files = below(all, paths, repository.prefix);
      if (options.z === true) return writeRaw(context.output, files);
      const cache = await session.cacheToRead();
      const top = ref === undefined ? repository.workTree : undefined;
      const rows = files.map((file) => ({
        path: quotePath(file.path),
        oid: file.oid,
        size: file.size,
        mode: file.mode,
        cached: cache.has(file.oid),
        ...(top === undefined ? {} : { hydrated: !holdsPointer(top, file) }),
      }));
      return { text: rows.map((row) => line(row, options)).join("\n"), data: { files: rows } };
    } finally {
      await session.close();
    }
  },
} satisfies Command;

function writeRaw(output: NodeJS.WritableStream, files: readonly { readonly path: Buffer }[]) {
  output.write(Buffer.concat(files.flatMap((file) => [file.path, Buffer.from([0])])));
  return {};
}

/** `*` the bytes are here (in the worktree, or for a commit in the cache), `-` only the pointer is. */
function line(
  row: { path: string; oid: string; size: number; cached: boolean; hydrated?: boolean },
  options: Readonly<Record<string, unknown>>,
): string {
  if (options.nameOnly === true) return row.path;
  const oid = options.long === true ? row.oid : row.oid.slice(0, 10);
  const size = options.size === true ? ` (${formatBytes(row.size)})` : "";
  return `${oid} ${(row.hydrated ?? row.cached) ? "*" : "-"} ${row.path}${size}`;
}
