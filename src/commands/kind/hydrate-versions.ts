import { exitCode } from "../../error/exit-code.ts";
import { isMlgitError, MlgitError } from "../../error/mlgit-error.ts";
import { quotePath } from "../../git/quote-path.ts";
import type { HydrateReport } from "../../hydrate/hydrate.ts";
import { counted } from "../../util/counted.ts";
import type { Context, OptionSpec, Options } from "../command.ts";
import { holdsPointer } from "../hydrate.ts";
import type { VersionTree } from "../published.ts";
import { hydratePaths, reportHydration } from "../restore-content.ts";
import { Session } from "../session.ts";
import { indexFiles, type TrackedFile } from "../tracked-files.ts";

export const patienceOptions: readonly OptionSpec[] = [
  { flags: "--retry <n>", description: "ask again that often for what could not be had; default: 2" },
  { flags: "--fail-limit <n>", description: "stop after so many files could not be had" },
];

export interface Patience {
  readonly retries: number;
  readonly failLimit: number;
}

/** @throws MlgitError kind `usage` for what is no number. */
export function patienceOf(options: Options): Patience {
  return {
    retries: countOf("--retry", options.retry) ?? 2,
    failLimit: countOf("--fail-limit", options.failLimit) ?? Number.POSITIVE_INFINITY,
  };
}

/** A whole number from 0, or undefined where the option was not given. */
export function countOf(flag: string, text: unknown): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,8}$/.test(String(text))) return Number(text);
  throw new MlgitError("usage", `${flag} ${JSON.stringify(text)} is no number from 0 to 99999999`);
}

/** Between two batches somebody may have seen enough. */
const batchWithLimit = 64;

/** git is content with pointers where data cannot be had; whoever asked for a version is not. `wanted`: which of the versions' files are to be there. */
export async function hydrateVersions(
  context: Context,
  versions: readonly VersionTree[],
  { patience, wanted }: { readonly patience: Patience; readonly wanted: (file: TrackedFile) => boolean },
) {
  const session = await Session.open(context);
  try {
    const { workTree } = session.workTree;
    const folders = versions.map(({ place }) => Buffer.from(`${place.folder}/`));
    const files = (await indexFiles(session.repository)).filter(
      (file) =>
        folders.some((folder) => file.path.subarray(0, folder.length).equals(folder)) &&
        wanted(file) &&
        holdsPointer(workTree, file),
    );
    const report = await hydrateInBatches(files, { session, context, patience });
    reportHydration(report, context);
    return resultOf(report, versions);
  } finally {
    await session.close();
  }
}

interface Job {
  readonly session: Session;
  readonly context: Context;
  readonly patience: Patience;
}

async function hydrateInBatches(files: readonly TrackedFile[], job: Job): Promise<HydrateReport> {
  const { failLimit } = job.patience;
  const size = Number.isFinite(failLimit) ? batchWithLimit : Math.max(files.length, 1);
  let sum: HydrateReport = { hydrated: 0, left: [], failed: [] };
  for (let start = 0; start < files.length; start += size) {
    const report = await hydrateAgain(files.slice(start, start + size), job);
    sum = {
      hydrated: sum.hydrated + report.hydrated,
      left: [...sum.left, ...report.left],
      failed: [...sum.failed, ...report.failed],
    };
    const rest = files.length - start - size;
    if (sum.failed.length < failLimit || rest <= 0) continue;
    job.context.warn(
      `stopped at ${counted(sum.failed.length, "file")} that could not be had; ${counted(rest, "was", "were")} not asked for`,
    );
    break;
  }
  return sum;
}

/** Each request is tried several times already; this is for what takes longer to come back. */
async function hydrateAgain(
  files: readonly TrackedFile[],
  { session, context, patience }: Job,
): Promise<HydrateReport> {
  const byPath = new Map(files.map((file) => [file.path.toString("latin1"), file]));
  let report = await hydratePaths(files, session, context);
  for (let attempt = 0; attempt < patience.retries; attempt++) {
    const again = report.failed.filter(({ error }) => isMlgitError(error) && error.kind === "unreachable");
    if (again.length === 0) break;
    const files = again.flatMap(({ path }) => byPath.get(path.toString("latin1")) ?? []);
    const next = await hydratePaths(files, session, context);
    report = {
      hydrated: report.hydrated + next.hydrated,
      left: [...report.left, ...next.left],
      failed: [...report.failed.filter((one) => !again.includes(one)), ...next.failed],
    };
  }
  return report;
}

function resultOf(report: HydrateReport, versions: readonly VersionTree[]) {
  const failed = report.failed.map(({ path, oid, error }) => ({ path: quotePath(path), oid, message: error.message }));
  const left = report.left.map(({ path, reason }) => ({ path: quotePath(path), reason }));
  return {
    text: versions.map(({ version, place }) => `${version.tag} is in ${place.folder}`).join("\n"),
    data: {
      hydrated: report.hydrated,
      left,
      failed,
      versions: versions.map(({ version, place }) => ({
        tag: version.tag,
        sha: version.commit,
        folder: place.folder,
      })),
    },
    exitCode: failed.length > 0 ? exitCode.incomplete : exitCode.ok,
  };
}
