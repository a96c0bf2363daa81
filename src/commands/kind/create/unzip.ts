import { chmodSync, closeSync, fsyncSync, lstatSync, mkdirSync, openSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Entry, ZipFile } from "yauzl";
import { MlgitError } from "../../../error/mlgit-error.ts";
import { isSafePath, showPath } from "../../../hydrate/safe-path.ts";
import { crc32 } from "../../../util/crc32.ts";
import { writeAll } from "../../../util/durable.ts";
import type { Context } from "../../command.ts";
import { assertModest, damaged, entries, openZip } from "./open-zip.ts";

/**
 * Unpacks every zip archive below a folder where it lies, and removes it. Entries only become plain files below the archive's own folder.
 * @throws MlgitError kind `refused` for an archive with other entries or names, `corrupt` for a damaged one, `conflict` for a file that is there already.
 */
export async function unzipAll(folder: string, context: Context): Promise<number> {
  const archives = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => /\.zip$/i.test(path) && lstatSync(path).isFile());
  const progress = context.progress("Unpacking");
  try {
    for (const archive of archives) {
      await unpack(archive, (bytes) => {
        context.signal.throwIfAborted();
        progress.advance(0, bytes);
      });
      rmSync(archive);
    }
  } finally {
    progress.done();
  }
  return archives.length;
}

async function unpack(archive: string, onBytes: (bytes: number) => void): Promise<void> {
  await assertModest(archive);
  const zip = await openZip(archive);
  try {
    for await (const entry of entries(zip, archive)) await take(zip, entry, { archive, onBytes });
  } finally {
    zip.close();
  }
}

interface Unpacking {
  readonly archive: string;
  readonly onBytes: (bytes: number) => void;
}

const typeMask = 0o170000;
const regular = 0o100000;
const directory = 0o040000;

async function take(zip: ZipFile, entry: Entry, { archive, onBytes }: Unpacking): Promise<void> {
  const name = entry.fileName.replace(/\/$/, "");
  const mode = entry.externalFileAttributes >>> 16;
  const type = mode & typeMask;
  if (!isSafePath(Buffer.from(name)) || ![0, regular, directory].includes(type))
    throw new MlgitError(
      "refused",
      `${archive} holds ${showPath(Buffer.from(name))}, which is no plain file below it`,
      {
        path: archive,
        hint: "unpack it yourself, look at what it holds, and use --import=<folder>",
      },
    );
  assertNoLinks(dirname(archive), name);
  const target = join(dirname(archive), name);
  if (entry.fileName.endsWith("/") || type === directory) return void mkdirSync(target, { recursive: true });
  mkdirSync(dirname(target), { recursive: true });
  const fd = openNew(target, archive);
  try {
    await write(await bodyOf(zip, entry, archive), { fd, entry, archive, onBytes });
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  if (mode & 0o111) chmodSync(target, 0o755);
}

/** What was imported beside the archive may hold links, and nothing is written through one. */
function assertNoLinks(base: string, name: string): void {
  const parts = name.split("/");
  for (let depth = 1; depth <= parts.length; depth++) {
    const path = join(base, ...parts.slice(0, depth));
    if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink())
      throw new MlgitError("refused", `${path} is a symbolic link, and nothing is unpacked through it`, { path });
  }
}

function openNew(target: string, archive: string): number {
  try {
    return openSync(target, "wx");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw new MlgitError("conflict", `${archive} holds ${target}, which is there already`, {
      path: target,
      hint: "unpack the archives yourself, each into a folder of its own, and use --import=<folder>",
      cause: error,
    });
  }
}

function bodyOf(zip: ZipFile, entry: Entry, archive: string): Promise<AsyncIterable<Uint8Array>> {
  return new Promise((resolve, reject) => {
    zip.openReadStream(entry, (error, stream) => (error ? reject(damaged(archive, error)) : resolve(stream)));
  });
}

interface Writing extends Unpacking {
  readonly fd: number;
  readonly entry: Entry;
}

/** The library checks the length; the checksum is left to whoever uses it. */
async function write(body: AsyncIterable<Uint8Array>, { fd, entry, archive, onBytes }: Writing): Promise<void> {
  let sum = 0;
  try {
    for await (const part of body) {
      writeAll(fd, part);
      sum = crc32(part, sum);
      onBytes(part.length);
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw code === undefined || code.startsWith("Z_") ? damaged(archive, error as Error) : error;
  }
  if (sum !== entry.crc32) throw damaged(archive, new Error(`${entry.fileName} has another checksum`));
}
