import { join } from "node:path";
import type { Backend, FileInfo } from "../../backend/backend.ts";
import { isData } from "../../entity/entity-path.ts";
import type { Kind } from "../../entity/kind.ts";
import { exitCode } from "../../error/exit-code.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { openCatFile } from "../../git/cat-file.ts";
import { quotePath } from "../../git/quote-path.ts";
import { listTree } from "../../git/tree-scan.ts";
import { formatBytes } from "../../util/format-bytes.ts";
import { bucketOptions, openBucket, refuseStore } from "../bucket/bucket-place.ts";
import { type Body, holdsBody, saveBody } from "../bucket/content-body.ts";
import { describeFiles, eachFile, type Outcome } from "../bucket/each-file.ts";
import { differs } from "../bucket/place-download.ts";
import { uploadMemory } from "../bucket/upload-memory.ts";
import type { Action, Context, Progress } from "../command.ts";
import type { VersionTree } from "../published.ts";
import { fetchOrExplain } from "../restore-content.ts";
import { Session } from "../session.ts";
import { treeFiles } from "../tracked-files.ts";
import { countOf } from "./hydrate-versions.ts";
import { findVersion } from "./versions.ts";

export function exportAction(kind: Kind) {
  return {
    name: "export",
    summary: "Copy the data files of a version into a bucket, as plain files",
    arguments: [
      { name: "<name>", description: "of the entity, for its latest version, or a version's tag" },
      { name: "<bucket>", description: "the bucket's name, or the URL of any place a store could be at" },
    ],
    options: [{ flags: "--version <n>", description: "another version than the latest" }, ...bucketOptions],
    async run(context, [word = "", bucket = ""], options) {
      const retries = countOf("--retry", options.retry) ?? 2;
      const number = countOf("--version", options.version);
      const session = await Session.open(context);
      const version = await findVersion(session.repository, kind, { word, number });
      const backend = await openBucket(context, bucket, options);
      const progress = context.progress("Exporting");
      try {
        await refuseStore(backend, context.signal);
        const files = await filesOf(session, version);
        const failedToFetch = await bring(files, session, context);
        const sender = new Sender({
          backend,
          context,
          progress,
          session,
          failedToFetch,
          force: options.force === true,
        });
        const bytes = files.reduce((sum, { size }) => sum + size, 0);
        progress.total(files.length, bytes);
        const { connections } = backend.properties;
        const { pathOf, send: work } = sender;
        const report = await eachFile(files, { context, connections, retries, pathOf, work });
        const { moved: exported, present, failed } = report;
        const { tag } = version.version;
        return {
          text: `${describeFiles(report, `of ${tag} are in ${backend.location}`)}\n${formatBytes(backend.traffic?.sent ?? 0)} sent`,
          data: { tag, bucket: backend.location, exported, present, failed, sent: backend.traffic?.sent ?? 0 },
          exitCode: failed.length > 0 ? exitCode.incomplete : exitCode.ok,
        };
      } finally {
        progress.done();
        await backend.close();
        await session.close();
      }
    },
  } satisfies Action;
}

/** A data file of a version: its content is in the store, or, where git keeps it itself, in a blob. */
interface DataFile {
  /** Relative to the entity's folder. */
  readonly path: Buffer;
  readonly size: number;
  readonly oid: string | undefined;
  readonly blob: string;
}

async function filesOf({ repository }: Session, { tree, place }: VersionTree): Promise<DataFile[]> {
  const tracked = new Map((await treeFiles(repository, tree)).map((file) => [file.path.toString("latin1"), file]));
  const files: DataFile[] = [];
  for await (const { path, blob } of listTree(repository, tree)) {
    if (!isData(path.toString("utf8"), place.name)) continue;
    const pointer = tracked.get(path.toString("latin1"));
    files.push({ path: Buffer.from(path), size: pointer?.size ?? 0, oid: pointer?.oid, blob });
  }
  return files;
}

/** Gets from the store what is not in the cache. */
async function bring(
  files: readonly DataFile[],
  session: Session,
  context: Context,
): Promise<ReadonlyMap<string, Error>> {
  const cache = await session.cache();
  const absent = files.flatMap(({ oid, size }) =>
    oid === undefined || size === 0 || cache.has(oid) ? [] : [{ oid, size }],
  );
  return absent.length === 0 ? new Map() : fetchOrExplain(absent, session, context);
}

interface SendJob {
  readonly backend: Backend;
  readonly context: Context;
  readonly progress: Progress;
  readonly session: Session;
  readonly failedToFetch: ReadonlyMap<string, Error>;
  readonly force: boolean;
}

class Sender {
  readonly #job: SendJob;

  constructor(job: SendJob) {
    this.#job = job;
  }

  readonly pathOf = ({ path }: DataFile): string => quotePath(path);

  readonly send = async (file: DataFile): Promise<Outcome> => {
    const { backend, context, progress, session, force } = this.#job;
    const name = file.path.toString("utf8");
    if (!Buffer.from(name).equals(file.path))
      throw new MlgitError("refused", `${quotePath(file.path)} is not UTF-8, and names of objects are`, { path: name });
    const handle = { type: "plain", name } as const;
    const body = await this.#bodyOf(file, name);
    const there = await this.#stat(handle.name);
    if (there && (await holdsBody({ backend, signal: context.signal }, there, body))) {
      progress.advance(1, body.size);
      return "present";
    }
    if (there && !force) throw differs({ path: `${name} in ${backend.location}` });
    const folder = join(session.repository.commonDir, "mlgit-export");
    const memory = uploadMemory(folder, JSON.stringify([backend.location, name, file.oid]));
    const onProgress = (bytes: number) => progress.advance(0, bytes);
    await saveBody(backend, handle, body, { signal: context.signal, onProgress, ...(file.oid ? { memory } : {}) });
    memory.forget();
    progress.advance(1, 0);
    return "moved";
  };

  async #stat(name: string): Promise<FileInfo | undefined> {
    const { backend, context } = this.#job;
    return backend.stat({ type: "plain", name }, context.signal).catch((error) => {
      if (backend.isNotFound(error)) return undefined;
      throw error;
    });
  }

  async #bodyOf({ oid, size, blob }: DataFile, name: string): Promise<Body> {
    const { session, failedToFetch } = this.#job;
    if (oid === undefined) return bytesOf(await blobBytes(session, blob));
    if (size === 0) return bytesOf(new Uint8Array());
    const content = (await session.cache()).get(oid);
    if (content) return content;
    throw failedToFetch.get(oid) ?? new MlgitError("missing", `${name} could not be had`, { path: name, oid });
  }
}

function bytesOf(content: Uint8Array): Body {
  return { kind: "bytes", size: content.length, content };
}

async function blobBytes({ repository }: Session, blob: string): Promise<Uint8Array> {
  const cat = await openCatFile(repository);
  try {
    const [object] = await cat.contents([blob]);
    return Buffer.from(object?.bytes ?? []);
  } finally {
    cat.close();
  }
}
