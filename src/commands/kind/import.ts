import { join } from "node:path";
import type { Backend, FileInfo } from "../../backend/backend.ts";
import type { Kind } from "../../entity/kind.ts";
import { folderProblem } from "../../entity/name-rules.ts";
import { exitCode } from "../../error/exit-code.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { PathGuard } from "../../hydrate/path-guard.ts";
import { formatBytes } from "../../util/format-bytes.ts";
import { bucketOptions, openBucket, refuseStore } from "../bucket/bucket-place.ts";
import { downloadObject } from "../bucket/download-object.ts";
import { describeFiles, eachFile, type Outcome } from "../bucket/each-file.ts";
import { dropOldParts } from "../bucket/part-file.ts";
import { differs, findTarget, isThere, place } from "../bucket/place-download.ts";
import type { Action, Context, Options, Progress } from "../command.ts";
import { findEntities, needWorktree, type Worktree } from "./find-entity.ts";
import { countOf } from "./hydrate-versions.ts";

export function importAction(kind: Kind) {
  return {
    name: "import",
    summary: "Copy plain files of a bucket into an entity's folder",
    arguments: [
      { name: "<bucket>", description: "the bucket's name, or the URL of any place a store could be at" },
      { name: "<folder>", description: `below ${kind.folder}/; the name of an entity means its data/` },
    ],
    options: [
      { flags: "--path <folder>", description: "only what is below this folder of the bucket" },
      { flags: "--object <name>", description: "only this object" },
      ...bucketOptions,
    ],
    run: (context, [bucket = "", folder = ""], options) => importFiles(context, kind, { bucket, folder, options }),
  } satisfies Action;
}

interface Import {
  readonly bucket: string;
  readonly folder: string;
  readonly options: Options;
}

async function importFiles(context: Context, kind: Kind, { bucket, folder: given, options }: Import) {
  const repository = needWorktree(await context.repository());
  const retries = countOf("--retry", options.retry) ?? 2;
  const folder = await folderOf(repository, kind, given);
  const backend = await openBucket(context, bucket, options);
  const progress = context.progress("Importing");
  try {
    await refuseStore(backend, context.signal);
    const objects = await chosenObjects(backend, options, context.signal);
    const bytes = objects.reduce((sum, { size }) => sum + size, 0);
    progress.total(objects.length, bytes);
    const copy = new Copy({ backend, context, progress, repository, folder, force: options.force === true });
    const { connections } = backend.properties;
    const report = await eachFile(objects, {
      context,
      connections,
      retries,
      pathOf: copy.pathOf,
      work: copy.bring,
    });
    dropOldParts(copy.parts);
    const received = backend.traffic?.received ?? 0;
    const { moved: imported, present, failed } = report;
    const lines = [
      describeFiles(report, `of ${backend.location} are in ${folder}`),
      `${formatBytes(received)} received; to make them a version: git mlgit ${kind.folder} add <name>`,
    ];
    return {
      text: lines.join("\n"),
      data: { bucket: backend.location, folder, imported, present, failed, received },
      exitCode: failed.length > 0 ? exitCode.incomplete : exitCode.ok,
    };
  } finally {
    progress.done();
    await backend.close();
  }
}

/** Below the kind's folder, as ml-git has it, with that folder's name before it or without. */
async function folderOf(repository: Worktree, kind: Kind, word: string): Promise<string> {
  const problem = word === "" ? "is empty" : folderProblem(word);
  if (problem) throw new MlgitError("usage", `the folder ${JSON.stringify(word)} ${problem}`);
  const parts = word.split("/").filter((part) => part !== "" && part !== ".");
  const [first = ""] = parts;
  if (first === kind.folder || first === kind.name) return [kind.folder, ...parts.slice(1)].join("/");
  const [entity] = parts.length === 1 ? await findEntities(repository, kind, first) : [];
  return entity ? `${entity.folder}/data` : [kind.folder, ...parts].join("/");
}

async function chosenObjects(backend: Backend, options: Options, signal: AbortSignal): Promise<FileInfo[]> {
  const { object, path } = options;
  if (object !== undefined && path !== undefined)
    throw new MlgitError("usage", "--path and --object exclude each other");
  if (object !== undefined) return [await backend.stat({ type: "plain", name: String(object) }, signal)];
  const prefix = path === undefined ? "" : `${String(path).replace(/^\/+|\/+$/g, "")}/`;
  const found: FileInfo[] = [];
  for await (const info of backend.list("plain", signal))
    if (prefix === "/" || info.handle.name.startsWith(prefix)) found.push(info);
  if (found.length > 0) return found;
  throw new MlgitError(
    "missing",
    `there is nothing in ${backend.location}${path === undefined ? "" : ` below ${path}`}`,
    {
      hint: "check the bucket's name, and --path: it is a folder, with / between its parts",
    },
  );
}

interface CopyJob {
  readonly backend: Backend;
  readonly context: Context;
  readonly progress: Progress;
  readonly repository: Worktree;
  /** Relative to the top. */
  readonly folder: string;
  readonly force: boolean;
}

/** Brings objects to the paths that their names mean. */
class Copy {
  readonly #job: CopyJob;
  readonly #guard: PathGuard;
  readonly parts: string;

  constructor(job: CopyJob) {
    this.#job = job;
    this.#guard = new PathGuard(job.repository.workTree);
    this.parts = join(job.repository.commonDir, "mlgit-import");
  }

  readonly pathOf = ({ handle }: FileInfo): string => `${this.#job.folder}/${handle.name}`;

  readonly bring = async (object: FileInfo): Promise<Outcome> => {
    const { backend, context, progress, force } = this.#job;
    const target = findTarget(this.#guard, this.pathOf(object));
    if (await isThere(target, object)) {
      progress.advance(1, object.size);
      return "present";
    }
    if (target.size !== undefined && target.size !== object.size && !force) throw differs(target);
    const file = await downloadObject(backend, object, {
      parts: this.parts,
      signal: context.signal,
      onProgress: (bytes) => progress.advance(0, bytes),
    });
    const moved = place(file, target, { modified: object.modified, force });
    progress.advance(1, 0);
    return moved ? "moved" : "present";
  };
}
