import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { isMlgitError } from "../error/mlgit-error.ts";
import { quotePath } from "../git/quote-path.ts";
import { listPacks } from "../store/remote/confirm-files.ts";
import { counted } from "../util/counted.ts";
import { formatBytes } from "../util/format-bytes.ts";
import type { Command, Context } from "./command.ts";
import { needTreeish } from "./need-treeish.ts";
import { neededContents } from "./needed-contents.ts";
import { Session } from "./session.ts";
import { below, indexFiles, namedFiles, treeFiles } from "./tracked-files.ts";

interface Room {
  readonly path: string;
  readonly files: number;
  /** As checked out. */
  readonly bytes: number;
  /** Of that, what the cache has. */
  readonly cached: number;
}

/** Says what takes how much room: the cache by kind, the store, and the tracked files by folder. */
export const command = {
  arguments: [{ name: "[paths...]", description: "folders or files; default: the top" }],
  options: [
    { flags: "--ref <commit>", description: "the files of a commit, branch or tag and not of the index" },
    { flags: "--store", description: "also ask the store how much it holds" },
  ],
  async run(context, paths, options) {
    const session = await Session.open(context);
    try {
      const cache = cacheRoom(session.cacheFolder);
      const folders = await folderRoom(session, paths, options.ref as string | undefined);
      const history = await historyRoom(session);
      const store = options.store === true ? await storeRoom(session, context) : undefined;
      const data = { cache, paths: folders, history, ...(store ? { store } : {}) };
      return { text: describe(data), data };
    } finally {
      await session.close();
    }
  },
} satisfies Command;

const kinds = ["files", "packs", "index", "journal", "tmp", "bad", "log"] as const;

/** Bytes on disk by kind; what a worktree shares by links is counted here. */
function cacheRoom(root: string): Readonly<Record<string, number>> {
  return Object.fromEntries(kinds.map((kind) => [kind, sizeOf(join(root, kind))]));
}

function sizeOf(folder: string): number {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    return entries.reduce((sum, entry) => {
      const stat = statSync(join(entry.parentPath ?? entry.path, entry.name), { throwIfNoEntry: false });
      return sum + (stat?.size ?? 0);
    }, 0);
  } catch {
    return 0;
  }
}

/** One line per entry of the top, or of each folder that is named. */
async function folderRoom(session: Session, paths: readonly string[], ref: string | undefined): Promise<Room[]> {
  const { repository } = session;
  if (ref !== undefined) await needTreeish(repository, [ref]);
  const all = ref === undefined ? await indexFiles(repository) : await treeFiles(repository, ref);
  const cache = await session.cacheToRead();
  const rooms = new Map<string, { files: number; bytes: number; cached: number }>();
  const depth = paths.length === 0 ? 1 : Math.max(...paths.map((path) => path.split("/").filter(Boolean).length)) + 1;
  const { workTree, prefix } = repository;
  const isHere = ref === undefined && workTree !== undefined;
  for (const file of isHere ? namedFiles(all, paths, { workTree, prefix }) : below(all, paths, prefix)) {
    // One letter is one byte, so that no name of a file makes its folder another one.
    const parts = file.path.toString("latin1").split("/");
    const key = parts.length > depth ? `${parts.slice(0, depth).join("/")}/` : parts.join("/");
    const room = rooms.get(key) ?? { files: 0, bytes: 0, cached: 0 };
    room.files++;
    room.bytes += file.size;
    if (cache.has(file.oid)) room.cached += file.size;
    rooms.set(key, room);
  }
  return [...rooms]
    .map(([path, room]) => ({ path: quotePath(Buffer.from(path, "latin1")), ...room }))
    .sort((a, b) => b.bytes - a.bytes);
}

/** Every version of every file, each content once. */
async function historyRoom(session: Session): Promise<{ contents: number; bytes: number }> {
  const needed = await neededContents(session.repository);
  return { contents: needed.size, bytes: [...needed.values()].reduce((sum, one) => sum + one.size, 0) };
}

async function storeRoom(session: Session, context: Context): Promise<{ packs: number; bytes: number } | undefined> {
  try {
    const store = await session.openStore();
    const sizes = [...(await listPacks(store, context.signal)).values()];
    await store.close();
    return { packs: sizes.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
  } catch (error) {
    if (!isMlgitError(error) || error.kind !== "missing") throw error;
    return { packs: 0, bytes: 0 };
  }
}

function describe(data: {
  readonly cache: Readonly<Record<string, number>>;
  readonly paths: readonly Room[];
  readonly history: { readonly contents: number; readonly bytes: number };
  readonly store?: { readonly packs: number; readonly bytes: number };
}): string {
  const line = (bytes: number, text: string) => `${formatBytes(bytes).padStart(10)}  ${text}`;
  const cache = Object.entries(data.cache).filter(([, bytes]) => bytes > 0);
  return [
    ...cache.map(([kind, bytes]) => line(bytes, `cache: ${kind}`)),
    ...(data.store ? [line(data.store.bytes, `store: ${counted(data.store.packs, "pack")}`)] : []),
    line(data.history.bytes, `all versions: ${counted(data.history.contents, "content")}, each once, not compressed`),
    ...data.paths.map((room) =>
      line(room.bytes, `${room.path} (${counted(room.files, "file")}, ${formatBytes(room.cached)} cached)`),
    ),
  ].join("\n");
}
