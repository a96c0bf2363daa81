import { constants, copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, posix } from "node:path";
import type { Kind } from "../../entity/kind.ts";
import { onDisk } from "../../error/disk-error.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { passThrough, passThroughIn } from "../../git/pass-through.ts";
import { showFiles } from "../../git/show-file.ts";
import { parsePointer } from "../../pointer/pointer.ts";
import type { CachedContent } from "../../store/local/cache.ts";
import { createDurable, takeName, uniqueName } from "../../util/durable.ts";
import type { Action, Context } from "../command.ts";
import { contextIn } from "../context-in.ts";
import type { VersionTree } from "../published.ts";
import { registryRemote } from "../repository/registry.ts";
import { fetchOrExplain } from "../restore-content.ts";
import { Session } from "../session.ts";
import { countOf } from "./hydrate-versions.ts";
import { findVersion } from "./versions.ts";
import { askForNumber, wizardOf, wizardOption } from "./wizard.ts";

export function getAction(kind: Kind) {
  return {
    name: "get",
    summary: "Copy one file of a version into the current folder, also outside of a project",
    arguments: [
      { name: "<name>", description: "of the entity, for its latest version, or a version's tag" },
      { name: "<file>", description: "relative to the entity's folder" },
    ],
    options: [
      {
        flags: "--config-repository <url>",
        description: "the project's git repository, where there is no clone of it",
      },
      { flags: "--version <n>", description: "another version than the latest" },
      wizardOption,
    ],
    async run(context, [word = "", file = ""], given) {
      const options = await askForNumber(await wizardOf(context, given), word, given);
      const target = join(context.cwd, basename(file));
      if (existsSync(target))
        throw new MlgitError("conflict", `${basename(file)} exists here already`, {
          path: target,
          hint: "move it away, or run this in another folder",
        });
      const number = countOf("--version", options.version);
      const url = options.configRepository;
      const copy = (from: Context) => copyOut(from, kind, { word, number, file, target });
      return url === undefined ? copy(context) : inClone(context, kind, { url: String(url), work: copy });
    },
  } satisfies Action;
}

/** A clone without files that lives as long as the command. */
async function inClone<T>(
  context: Context,
  kind: Kind,
  { url, work }: { readonly url: string; readonly work: (context: Context) => Promise<T> },
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "mlgit-get-"));
  try {
    await passThroughIn(context.cwd, ["clone", "-q", "--no-checkout", "--", url, join(folder, "clone")]);
    const inside = contextIn(context, join(folder, "clone"));
    const registry = await registryRemote(inside, kind);
    if (registry !== undefined) await passThrough(await inside.repository(), ["fetch", "-q", "--tags", registry]);
    return await work(inside);
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

interface Wish {
  readonly word: string;
  readonly number: number | undefined;
  readonly file: string;
  readonly target: string;
}

async function copyOut(context: Context, kind: Kind, { word, number, file, target }: Wish) {
  const session = await Session.open(context);
  try {
    const version = await findVersion(session.repository, kind, { word, number });
    const bytes = await contentOf(session, version, file);
    const pointer = parsePointer(bytes);
    if (pointer) {
      const cache = await session.cache();
      const failed = cache.has(pointer.oid) ? new Map() : await fetchOrExplain([pointer], session, context);
      const error = failed.get(pointer.oid);
      if (error) throw error;
      const content = cache.get(pointer.oid);
      if (!content) throw new MlgitError("missing", `${file} could not be had`, { path: file, oid: pointer.oid });
      place(content, target);
    } else place({ kind: "bytes", content: bytes }, target);
    return {
      text: `${basename(file)} is from ${version.version.tag}`,
      data: { file: target, tag: version.version.tag, sha: version.version.commit },
    };
  } finally {
    await session.close();
  }
}

async function contentOf(session: Session, { version, place, tree }: VersionTree, file: string): Promise<Buffer> {
  const [bytes] = await showFiles(session.repository, tree, [posix.normalize(file)]);
  if (bytes) return bytes;
  throw new MlgitError("usage", `${version.tag} has no file ${file}`, {
    path: file,
    hint: `git ls-tree -r --name-only ${version.tag}:${place.folder} lists its files`,
  });
}

/** Never over a file that came in between. */
function place(content: Pick<CachedContent & { kind: "file" }, "kind" | "path"> | Bytes, target: string): void {
  onDisk("write", target, () => {
    if (content.kind === "bytes") {
      if (!createDurable(target, content.content)) throw taken(target);
      return;
    }
    const temp = `${target}.${uniqueName()}.tmp`;
    try {
      copyFileSync(content.path, temp, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
      if (!takeName(temp, target)) throw taken(target);
    } finally {
      rmSync(temp, { force: true });
    }
  });
}

interface Bytes {
  readonly kind: "bytes";
  readonly content: Uint8Array;
}

function taken(target: string): MlgitError {
  return new MlgitError("conflict", `${target} exists already`, { path: target, hint: "move it away" });
}
