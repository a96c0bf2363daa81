import type { Kind } from "../../entity/kind.ts";
import { exitCode } from "../../error/exit-code.ts";
import { indexTree } from "../../git/tags.ts";
import type { WantedContent } from "../../transfer/push-content.ts";
import type { Action, Context } from "../command.ts";
import { fetchAnywhere } from "../fetch-anywhere.ts";
import { checkStore } from "../fsck-store.ts";
import { Session } from "../session.ts";
import { type Share, sharesToPush, unlessFatal } from "../store-routes.ts";
import { treeFiles } from "../tracked-files.ts";
import { upload } from "../upload.ts";
import { findEntity } from "./find-entity.ts";
import { countOf } from "./hydrate-versions.ts";
import { askYes, wizardOf, wizardOption } from "./wizard.ts";

export function remoteFsckAction(kind: Kind) {
  return {
    name: "remote-fsck",
    summary: "Check that the store has all of an entity, and send again what it lacks",
    arguments: [{ name: "<name>", description: "of the entity: as it is checked out" }],
    options: [
      { flags: "--thorough", description: "first bring everything here that is not, so that it can be sent again" },
      { flags: "--paranoid", description: "read and hash every pack of the store" },
      { flags: "--retry <n>", description: "ask again that often for what could not be had; default: 2" },
      { flags: "--full", description: "name every file, not only the first ones" },
      wizardOption,
    ],
    async run(context, [name = ""], options) {
      const ask = options.thorough === true ? undefined : await wizardOf(context, options);
      const thorough = ask ? await askYes(ask, "First bring everything here that is not?") : options.thorough === true;
      const retries = countOf("--retry", options.retry) ?? 2;
      const session = await Session.open(context);
      try {
        const { folder } = await findEntity(session.repository, kind, name);
        const wanted = await contentsOf(session, folder);
        if (wanted.size === 0) return { text: `${name} has no data to be checked`, data: { verified: 0, fixed: 0 } };
        if (thorough) await bring(wanted, { session, context, retries });
        const job = { session, context, paranoid: options.paranoid === true };
        const sum = { fixed: [] as string[], unfixed: [] as string[] };
        for (const share of await sharesToPush(wanted, session, { remote: undefined })) {
          const found = await checkShare(share, job);
          sum.fixed.push(...found.fixed);
          sum.unfixed.push(...found.unfixed);
        }
        return resultOf({ ...sum, verified: wanted.size }, options.full === true);
      } finally {
        await session.close();
      }
    },
  } satisfies Action;
}

async function contentsOf({ repository }: Session, folder: string): Promise<Map<string, WantedContent>> {
  const tree = await indexTree(repository, folder);
  const files = tree === undefined ? [] : await treeFiles(repository, tree);
  return new Map(files.map(({ oid, size, path }) => [oid, { oid, size, path: `${folder}/${path.toString("utf8")}` }]));
}

interface Job {
  readonly session: Session;
  readonly context: Context;
}

async function bring(
  wanted: ReadonlyMap<string, WantedContent>,
  job: Job & { readonly retries: number },
): Promise<void> {
  const cache = await job.session.cache();
  const progress = job.context.progress("Fetching");
  try {
    for (let attempt = 0; attempt <= job.retries; attempt++) {
      const absent = [...wanted.values()].filter(({ oid }) => !cache.has(oid));
      if (absent.length === 0) return;
      await fetchAnywhere(absent, { ...job, remote: undefined, meter: progress }).catch(unlessFatal);
    }
  } finally {
    progress.done();
  }
}

/** Damaged packs are dropped from the index and their contents sent anew; then whatever the index does not name. */
async function checkShare(
  { store: settings, contents }: Share,
  { session, context, paranoid }: Job & { readonly paranoid: boolean },
): Promise<{ fixed: string[]; unfixed: string[] }> {
  const needed = contents;
  const cache = await session.cache();
  const store = await session.openStoreToPushAt(settings);
  try {
    await store.sync(context.signal);
    const lacking = [...contents.values()].filter(({ oid }) => !store.has(oid));
    const found = await checkStore(session, context, { store, needed, paranoid, fix: true, remote: undefined });
    const here = lacking.filter(({ oid }) => cache.has(oid));
    await upload(new Map(here.map((one) => [one.oid, one])), { session, context, remote: undefined });
    const path = (one: { readonly oid: string }) => needed.get(one.oid)?.path ?? one.oid;
    return {
      fixed: [...here, ...found.restored.filter(({ oid }) => needed.has(oid))].map(path),
      unfixed: [...lacking.filter(({ oid }) => !cache.has(oid)), ...found.unrepairable].map(path),
    };
  } finally {
    await store.close();
  }
}

interface Sum {
  readonly verified: number;
  readonly fixed: readonly string[];
  readonly unfixed: readonly string[];
}

function resultOf({ verified, fixed, unfixed }: Sum, full: boolean) {
  const named = (word: string, paths: readonly string[]) => [
    ...paths.slice(0, full ? undefined : 20).map((path) => `${word}: ${path}`),
    ...(!full && paths.length > 20 ? [`… and ${paths.length - 20} more; --full names them`] : []),
  ];
  const lines = [
    ...named("sent again", fixed),
    ...named("neither here nor in the store", unfixed),
    `fixed: ${fixed.length}, not to be fixed: ${unfixed.length}, total verified: ${verified}`,
    ...(unfixed.length > 0
      ? ["--thorough asks mirrors and other stores, too; a clone that has them can push --all"]
      : []),
  ];
  return {
    text: lines.join("\n"),
    data: { verified, fixed, unfixed },
    exitCode: unfixed.length > 0 ? exitCode.missing : exitCode.ok,
  };
}
