import { join } from "node:path";
import type { Backend, BackendOptions } from "../../backend/backend.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { verifyCommit } from "../../git/changes.ts";
import { broughtBefore, type Collected, collectContents, isHere } from "../../migrate/collect-contents.ts";
import { ContentMap } from "../../migrate/content-map.ts";
import { pipelineFile } from "../../pipeline/stage.ts";
import type { Action, Context, Options } from "../command.ts";
import { keptContents } from "../confirm-stored.ts";
import type { Session } from "../session.ts";
import { indexFiles } from "../tracked-files.ts";
import { commitDvc } from "./dvc-commit.ts";
import { type DvcTargets, findTargets } from "./dvc-files.ts";
import { type DvcProject, readDvcProject } from "./dvc-project.ts";
import { type DvcContent, type DvcPlaces, DvcSources, dvcPlaces } from "./dvc-sources.ts";
import { convertStages } from "./dvc-stages.ts";
import { readTexts } from "./index-texts.ts";
import { placeFlags, placeOf } from "./place-options.ts";
import { migrateFolder, openMigration } from "./publish.ts";
import { type Contents, type MigrationReport, resultOf } from "./report.ts";

export const dvc = {
  name: "dvc",
  summary: "Turn files that DVC keeps into tracked files, and its stages into stages",
  options: [
    {
      flags: "--remote <name>",
      description: "a remote of DVC's configuration that has what its cache lacks",
      repeat: true,
    },
    ...placeFlags,
    { flags: "--allow-missing", description: "leave what is to be had nowhere to DVC, and do the rest" },
    { flags: "-m, --message <text>", description: "of the commit" },
    { flags: "-n, --dry-run", description: "only say what would be done" },
  ],
  async run(context, _args, options) {
    const session = await openMigration(context);
    try {
      return resultOf(await migrateDvc(options, session, context));
    } finally {
      await session.close();
    }
  },
} satisfies Action;

async function migrateDvc(options: Options, session: Session, context: Context): Promise<MigrationReport> {
  const { workTree } = session.workTree;
  const head = await verifyCommit(session.repository, "HEAD");
  if (head === undefined) throw new MlgitError("setup", "there is no commit yet", { hint: "git commit first" });
  const project = await readDvcProject(session.repository);
  const named = Array.isArray(options.remote) ? options.remote.map(String) : [];
  const places = dvcPlaces(
    project.roots.map((root) => join(workTree, root)),
    named,
  );
  const sources = await openSources(places, placeOf(context, options), session, context);
  try {
    const found = await findTargets(project, sources, { top: workTree, signal: context.signal });
    return await migrateFound({ head, project, found, sources, places }, options, session, context);
  } finally {
    await sources.close();
  }
}

async function openSources(
  { caches, remotes }: DvcPlaces,
  more: BackendOptions | undefined,
  session: Session,
  context: Context,
): Promise<DvcSources> {
  const backends: Backend[] = [];
  for (const one of [...remotes, ...(more ? [more] : [])]) {
    const backend = await context.openBackend(one);
    context.info(`what is not in DVC's cache is read from ${backend.location}`);
    backends.push(backend);
  }
  const listings = join(migrateFolder(session.repository), "dvc-listings");
  return new DvcSources({ caches, remotes: backends, listings });
}

interface Found {
  readonly head: string;
  readonly project: DvcProject;
  readonly found: DvcTargets;
  readonly sources: DvcSources;
  readonly places: DvcPlaces;
}

async function migrateFound(
  all: Found,
  options: Options,
  session: Session,
  context: Context,
): Promise<MigrationReport> {
  const { head, project, found, sources, places } = all;
  const map = new ContentMap(join(migrateFolder(session.repository), "dvc-contents"));
  const collected =
    options.dryRun === true
      ? await foretell(found.contents, { map, sources, session, context })
      : await collect(found.contents, { map, sources, session, context });
  const missing = [
    ...found.missing,
    ...collected.missing.map(({ content, reason }) => ({ path: content.path, reason })),
  ];
  const text = (await readTexts(session.repository, [pipelineFile])).get(pipelineFile) ?? "";
  const ours = new Set((await indexFiles(session.repository)).map(({ path }) => path.toString("utf8")));
  const stages = await convertStages(project.pipelines, {
    text: Buffer.from(text, "latin1").toString("utf8"),
    tracked: new Set([...project.tracked].filter((path) => !ours.has(path))),
  });
  const complete = missing.length === 0 || options.allowMissing === true;
  const base: MigrationReport = {
    source: "dvc",
    dryRun: options.dryRun === true,
    files: found.targets.length,
    contents: contentsOf(found.contents, collected),
    complete,
    missing,
    problems: [...project.problems, ...found.problems, ...stages.problems],
    notes: missing.length > 0 ? hints(places, sources) : [],
    commit: null,
    commits: 0,
    details: { outs: project.outs.length, stages: stages.added },
  };
  if (project.outs.length + stages.added.length === 0) return { ...base, notes: ["nothing here is DVC's"] };
  if (options.dryRun === true || !complete) return base;
  const message = typeof options.message === "string" ? options.message : "Move files from DVC to mlgit";
  const pointers = collected.pointers;
  const done = await commitDvc({ head, project, found, pointers, stages, message }, session, context);
  return { ...base, ...done, problems: [...base.problems, ...done.problems] };
}

interface Tools {
  readonly map: ContentMap;
  readonly sources: DvcSources;
  readonly session: Session;
  readonly context: Context;
}

async function collect(
  contents: readonly DvcContent[],
  { map, sources, session, context }: Tools,
): Promise<Collected<DvcContent>> {
  const cache = await session.cache();
  const meter = context.progress("Migrating");
  const { signal } = context;
  const attempt = (content: DvcContent) => sources.take(content, cache, signal);
  try {
    const isKept = await keptContents(broughtBefore(contents, map), session, context);
    return await collectContents(contents, { map, cache, isKept, meter, signal, concurrency: 8, attempt });
  } finally {
    meter.done();
  }
}

/** What that would do, without reading data: whether a remote has a content shows only when it is asked. */
async function foretell(
  contents: readonly DvcContent[],
  { map, sources, session, context }: Tools,
): Promise<Collected<DvcContent>> {
  const isKept = await keptContents(broughtBefore(contents, map), session, context);
  const wanted = contents.filter(({ name }) => !isHere(name, { map, isKept }));
  const elsewhere = wanted.filter((content) => sources.localFile(content) === undefined);
  const lost = sources.hasRemotes ? [] : elsewhere;
  return {
    pointers: new Map(),
    here: contents.length - wanted.length,
    copied: wanted.length - elsewhere.length,
    fetched: sources.hasRemotes ? elsewhere.length : 0,
    bytes: contents.reduce((sum, content) => sum + (content.size ?? sources.sizeOf(content) ?? 0), 0),
    missing: lost.map((content) => ({ content, reason: `nothing here has ${content.md5}` })),
  };
}

function contentsOf(
  contents: readonly DvcContent[],
  { here, copied, fetched, bytes }: Collected<DvcContent>,
): Contents {
  return { total: contents.length, bytes, here, copied, fetched };
}

function hints({ known, preset }: DvcPlaces, sources: DvcSources): string[] {
  const name = preset ?? known[0];
  if (sources.hasRemotes || name === undefined) return [];
  return [`a remote of DVC's may have it: git mlgit migrate dvc --remote ${name}`];
}
