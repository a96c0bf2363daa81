import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseAttributeLine } from "./attribute-line.ts";
import { openCatFile } from "./cat-file.ts";
import { attributeOf } from "./check-attributes.ts";
import { gitIn, type Repository } from "./repository.ts";
import { listTree } from "./tree-scan.ts";

/** A .gitattributes of a commit. */
interface AttributesBlob {
  /** `/`-ended, empty for the top: latin1, one character a byte. */
  readonly folder: string;
  readonly blob: string;
  readonly text: string;
}

/**
 * For each of some paths whether it is tracked by the .gitattributes of a commit, whatever is checked out. Of the tree nothing is looked at but the
 * folders of the paths, and git is asked only where a pattern may fit.
 */
export async function trackedInTree(
  repository: Repository,
  commit: string,
  paths: readonly Buffer[],
): Promise<boolean[]> {
  const files = await attributesOf(repository, commit, paths);
  const open = paths.filter((path) => files.some((file) => mayTrack(file, path.toString("latin1"))));
  const filters = (await filtersBy(repository, files, open)).values();
  const asked = new Set(open);
  return paths.map((path) => asked.has(path) && filters.next().value === "mlgit");
}

async function filtersBy(
  repository: Repository,
  files: readonly AttributesBlob[],
  paths: readonly Buffer[],
): Promise<string[]> {
  if (paths.length === 0) return [];
  const temporary = mkdtempSync(join(tmpdir(), "mlgit-attributes-"));
  // Before 2.40 git knows no attributes of a tree, but those of an index, which needs to hold no more than them.
  const env = { GIT_INDEX_FILE: join(temporary, "index") };
  try {
    const entries = files.map(({ folder, blob }) => `100644 ${blob}\t${folder}${attributesName}\0`);
    const input = Buffer.from(entries.join(""), "latin1");
    await gitIn(repository, ["update-index", "--add", "-z", "--index-info"], { input, env });
    return await attributeOf(repository, paths, { cached: true, env });
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

const attributesName = ".gitattributes";
/** More than these are not asked for one by one, nor are those that cannot be named in a line of text. */
const mostFolders = 1000;

async function attributesOf(
  repository: Repository,
  commit: string,
  paths: readonly Buffer[],
): Promise<AttributesBlob[]> {
  const folders = [...foldersOf(paths)];
  const names = folders.map((folder) => Buffer.from(folder, "latin1").toString("utf8"));
  const isNameable = names.length <= mostFolders && !names.some((name) => /[\ufffd\n]/.test(name));
  const cat = await openCatFile(repository);
  try {
    const blobs = isNameable
      ? names.map((name) => `${commit}:${name}${attributesName}`)
      : await listAttributes(repository, commit, folders);
    const found = await cat.contents(blobs);
    return found.flatMap(({ type, oid, bytes }, i) =>
      type === "blob" ? { folder: folders[i] ?? "", blob: oid, text: bytes.toString("latin1") } : [],
    );
  } finally {
    cat.close();
  }
}

/** The blob of each folder's .gitattributes, as the whole tree has them; where there is none a name that nothing has. */
async function listAttributes(repository: Repository, commit: string, folders: readonly string[]): Promise<string[]> {
  const blobs = new Map<string, string>();
  for await (const { path, blob } of listTree(repository, commit)) {
    const name = path.toString("latin1");
    if (name === attributesName || name.endsWith(`/${attributesName}`)) blobs.set(name, blob);
  }
  return folders.map((folder) => blobs.get(folder + attributesName) ?? "none");
}

/** The folders above the paths, that of the top included. */
function foldersOf(paths: readonly Buffer[]): Set<string> {
  const folders = new Set([""]);
  for (const bytes of paths) {
    const path = bytes.toString("latin1");
    for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) {
      const folder = path.slice(0, at + 1);
      if (folders.has(folder)) break;
      folders.add(folder);
    }
  }
  return folders;
}

/** False where none of the patterns can fit by its fixed beginning and end; the rest is for git to say. */
function mayTrack({ folder, text }: AttributesBlob, path: string): boolean {
  if (!path.startsWith(folder) || !text.includes("mlgit")) return false;
  if (text.includes("[attr]")) return true;
  const inside = path.slice(folder.length).toLowerCase();
  return text.split("\n").some((line) => {
    const parsed = line.includes("mlgit") ? parseAttributeLine(line) : undefined;
    return parsed !== undefined && mayMatch(parsed.pattern.toLowerCase(), inside);
  });
}

function mayMatch(pattern: string, path: string): boolean {
  const isPath = pattern.includes("/");
  const given = isPath ? path : path.slice(path.lastIndexOf("/") + 1);
  const text = pattern.replace(/^\//, "");
  const [begin = "", ...more] = text.split(/[*?[\\]/);
  if (more.length === 0) return given === text;
  // Between two slashes `**` may stand for nothing, so that only what follows the last one is fixed.
  const end = /[^*?\]\\/]*$/.exec(text)?.[0] ?? "";
  return given.startsWith(begin) && given.endsWith(end);
}
