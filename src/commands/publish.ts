import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { MlgitError } from "../error/mlgit-error.ts";
import { RemoteStore } from "../store/remote/remote-store.ts";
import { fetchContent } from "../transfer/fetch-content.ts";
import { type PushReport, pushContent, type WantedContent } from "../transfer/push-content.ts";
import { counted } from "../util/counted.ts";
import { formatBytes } from "../util/format-bytes.ts";
import type { Command, CommandResult, Context } from "./command.ts";
import { assertPublishable, writeList } from "./publish-folder.ts";
import { chosenContents } from "./publish-what.ts";
import { Session } from "./session.ts";

/** Writes a folder that any web server can hand out as a store to read from. */
export const command = {
  arguments: [
    { name: "[what...]", description: "branches, tags, commits, or entities as name or name@version; default: HEAD" },
  ],
  options: [
    { flags: "--static <dir>", description: "the folder; what it has already is kept" },
    { flags: "--remote <name>", description: "whose store has what the cache lacks" },
    { flags: "-n, --dry-run", description: "only say what would be written" },
  ],
  async run(context, what, options) {
    if (typeof options.static !== "string")
      throw new MlgitError("usage", "say where to", { hint: "git mlgit publish --static <dir>" });
    const session = await Session.open(context);
    try {
      const wanted = await chosenContents(session.repository, what.length > 0 ? what : ["HEAD"]);
      const folder = resolve(context.cwd, options.static);
      assertPublishable(folder);
      const job = { session, context, wanted, folder, remote: options.remote as string | undefined };
      return options.dryRun === true ? await foretell(job) : await publish(job);
    } finally {
      await session.close();
    }
  },
} satisfies Command;

interface Job {
  readonly session: Session;
  readonly context: Context;
  readonly wanted: readonly WantedContent[];
  readonly folder: string;
  readonly remote: string | undefined;
}

async function foretell(job: Job): Promise<CommandResult> {
  const store = await openTarget(job, false);
  await store?.sync(job.context.signal);
  const absent = job.wanted.filter(({ oid }) => !store?.has(oid));
  const bytes = sum(absent);
  await store?.close();
  return {
    text: `${absent.length} of ${counted(job.wanted.length, "content")}, ${formatBytes(bytes)}, would be written to ${job.folder}`,
    data: { dryRun: true, folder: job.folder, contents: job.wanted.length, missing: absent.length, bytes },
  };
}

async function publish(job: Job): Promise<CommandResult> {
  const { context, folder } = job;
  const progress = context.progress("Publishing");
  try {
    const store = await openTarget(job, true);
    if (!store) throw new MlgitError("internal", `no store could be made in ${folder}`);
    await store.sync(context.signal);
    await bring(job, store);
    const cache = await job.session.cache();
    const report = await pushContent(job.wanted, { cache, store, meter: progress, signal: context.signal });
    // Last: what the list names is there, whenever this is killed.
    const objects = await writeList(folder, store.backend, context.signal);
    await store.close();
    return describe(report, job, objects);
  } finally {
    progress.done();
  }
}

/** Brings into the cache what is to be written and is not there yet. */
async function bring({ session, context, wanted, remote }: Job, target: RemoteStore): Promise<void> {
  const cache = await session.cache();
  const absent = wanted.filter(({ oid }) => !target.has(oid) && !cache.has(oid));
  if (absent.length === 0) return;
  const progress = context.progress("Fetching");
  try {
    const store = await session.openStore(remote);
    const { failed } = await fetchContent(absent, { cache, store, meter: progress, signal: context.signal });
    await store.close();
    const first = absent.find(({ oid }) => failed.has(oid));
    if (!first) return;
    throw new MlgitError("missing", `${counted(failed.size, "content")} cannot be had, among them ${first.path}`, {
      path: first.path,
      oid: first.oid,
      hint: "git mlgit fsck says what is wrong; nothing was published",
      cause: failed.get(first.oid),
    });
  } finally {
    progress.done();
  }
}

/** The folder as a store; undefined where none is and none is to be made. */
async function openTarget({ session, context, folder }: Job, create: boolean): Promise<RemoteStore | undefined> {
  const backend = await context.openBackend({ url: pathToFileURL(folder).href });
  const { exclusiveCreate = null, compareAndSwap = null } = backend.properties;
  return RemoteStore.open(backend, session.indexFolder, {
    signal: context.signal,
    mayLackFolder: true,
    ...(create ? { create: async () => ({ exclusiveCreate, compareAndSwap }) } : {}),
  });
}

function describe(report: PushReport, { folder }: Job, objects: number): CommandResult {
  const { files, present, packs, uploaded } = report;
  return {
    text: [
      `${folder}: ${counted(files, "content")}, ${files - present} of them new; ${formatBytes(uploaded)} written`,
      "let a web server hand it out, and read from it with: git mlgit store add <name> https://<host>/<folder>",
    ].join("\n"),
    data: { folder, contents: files, written: files - present, packs, bytes: uploaded, objects },
  };
}

function sum(contents: readonly WantedContent[]): number {
  return contents.reduce((total, { size }) => total + size, 0);
}
