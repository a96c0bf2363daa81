import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { mirrorRefs } from "../../git/metadata-mirror.ts";
import { listRefs } from "../../git/ref-update.ts";
import { broughtBefore, type Collected, collectContents, isHere } from "../../migrate/collect-contents.ts";
import { ContentMap } from "../../migrate/content-map.ts";
import type { Action, Context, Options } from "../command.ts";
import { keptContents } from "../confirm-stored.ts";
import type { Session } from "../session.ts";
import { commitMlGit, VersionRecord } from "./ml-git-commit.ts";
import { type MlGitContent, MlGitStorages } from "./ml-git-storages.ts";
import { convertSpec, faultOf } from "./ml-git-tree.ts";
import { inOrder, type MlGitHistory, type MlGitVersion, readMetadata } from "./ml-git-versions.ts";
import { placeFlags, placeOf, serverOf } from "./place-options.ts";
import { migrateFolder, openMigration } from "./publish.ts";
import { type MigrationReport, type Problem, resultOf } from "./report.ts";

export const mlGit = {
  name: "ml-git",
  summary: "Turn every version of ml-git's entities into a commit and a tag",
  arguments: [{ name: "<metadata...>", description: "URLs or paths of ml-git's metadata repositories" }],
  options: [
    {
      flags: "--project <dir>",
      description: "a project of ml-git: its objects are read, its configuration says how to reach buckets",
    },
    ...placeFlags,
    { flags: "--allow-missing", description: "leave out versions whose data is to be had nowhere, and do the rest" },
    { flags: "-n, --dry-run", description: "only say what would be done" },
  ],
  async run(context, urls, options) {
    const session = await openMigration(context);
    const project = typeof options.project === "string" ? resolve(context.cwd, options.project) : undefined;
    const storages = await MlGitStorages.open(context, {
      project,
      from: placeOf(context, options),
      server: serverOf(options),
    });
    try {
      return resultOf(await migrateMlGit(urls, options, { session, context, storages }));
    } finally {
      await storages.close();
      await session.close();
    }
  },
} satisfies Action;

interface Tools {
  readonly session: Session;
  readonly context: Context;
  readonly storages: MlGitStorages;
}

async function migrateMlGit(urls: readonly string[], options: Options, tools: Tools): Promise<MigrationReport> {
  const { session, context } = tools;
  const record = new VersionRecord(session.repository);
  const history = await readAll(urls, session, context);
  const { fresh, problems } = await onlyNew(history, record, session);
  const contents = contentsOf(fresh);
  const map = new ContentMap(join(migrateFolder(session.repository), "ml-git-contents"));
  const collected =
    options.dryRun === true ? await foretell(contents, map, tools) : await collect(contents, map, tools);
  const lost = new Map(collected.missing.map(({ content, reason }) => [content.name, reason]));
  const whole = fresh.filter(({ manifest }) => [...manifest.values()].every((cid) => !lost.has(cid)));
  const missing = [...lost].map(([cid, reason]) => ({
    path: contents.find(({ name }) => name === cid)?.path ?? cid,
    reason,
  }));
  const complete = missing.length === 0 || options.allowMissing === true;
  const base: MigrationReport = {
    source: "ml-git",
    dryRun: options.dryRun === true,
    files: whole.reduce((sum, { manifest }) => sum + manifest.size, 0),
    contents: {
      total: contents.length,
      bytes: collected.bytes,
      here: collected.here,
      copied: collected.copied,
      fetched: collected.fetched,
    },
    complete,
    missing,
    problems: [...history.problems, ...problems],
    notes: [],
    commit: null,
    commits: 0,
    details: { versions: whole.map(({ tag }) => tag) },
  };
  if (options.dryRun === true || !complete) return base;
  const conversion = { versions: whole, others: history.others, pointers: collected.pointers, record };
  const { left, ...done } = await commitMlGit(conversion, session, context);
  const changed = left.map((path) => ({ path, reason: "was changed meanwhile and left as it is" }));
  const notes = [
    "git push --follow-tags sends commits, tags and data; ml-git's repositories and buckets are as they were",
  ];
  return { ...base, ...done, notes, problems: [...base.problems, ...done.problems, ...changed] };
}

async function readAll(urls: readonly string[], session: Session, context: Context): Promise<MlGitHistory> {
  const all: MlGitHistory[] = [];
  for (const url of urls) {
    const place = existsSync(resolve(context.cwd, url)) ? resolve(context.cwd, url) : url;
    const name = createHash("sha256").update(place).digest("hex").slice(0, 16);
    const folder = join(migrateFolder(session.repository), "ml-git", `${name}.git`);
    all.push(await readMetadata(await mirrorRefs(place, folder)));
  }
  return {
    versions: inOrder(all.flatMap(({ versions }) => versions)),
    others: all.flatMap(({ others }) => others),
    problems: all.flatMap(({ problems }) => problems),
  };
}

/** Versions that are not here yet and can be ones of ours. A tag of that name that no migration made is somebody else's. */
async function onlyNew({ versions }: MlGitHistory, record: VersionRecord, { repository }: Session) {
  const tags = new Set((await listRefs(repository, ["refs/tags"])).map(({ ref }) => ref));
  const problems: Problem[] = [];
  const fresh: MlGitVersion[] = [];
  const seen = new Set<string>();
  const kindsOf = new Map<string, string>();
  for (const version of versions) {
    const line = version.tag.slice(0, version.tag.lastIndexOf("__"));
    const first = kindsOf.get(line) ?? version.kind.folder;
    kindsOf.set(line, first);
    const isThere = tags.has(`refs/tags/${version.tag}`);
    const fault = first === version.kind.folder ? faultOf(version, convertSpec(version, record.commits)) : undefined;
    const blame = (reason: string) => problems.push({ path: version.tag, reason });
    // ml-git has a repository for each kind, and so their tags apart.
    if (first !== version.kind.folder)
      blame(`the ${version.kind.name} of this name is left out: ${first} has one of that name and these categories`);
    else if (seen.has(version.tag)) blame("two metadata repositories have this version");
    else if (isThere && record.commits.get(version.commit) === undefined) blame("a tag of this name is here already");
    else if (fault !== undefined) blame(fault);
    else if (!isThere) fresh.push(version);
    seen.add(version.tag);
  }
  return { fresh, problems };
}

function contentsOf(versions: readonly MlGitVersion[]): MlGitContent[] {
  const contents = new Map<string, { name: string; path: string; size: undefined; storages: Set<string> }>();
  for (const { manifest, storage, tag } of versions)
    for (const [path, name] of manifest) {
      const one = contents.get(name) ?? { name, path: `${tag}: ${path}`, size: undefined, storages: new Set<string>() };
      if (storage !== undefined) one.storages.add(storage);
      contents.set(name, one);
    }
  return [...contents.values()];
}

async function collect(contents: readonly MlGitContent[], map: ContentMap, { session, context, storages }: Tools) {
  const cache = await session.cache();
  const meter = context.progress("Migrating");
  const { signal } = context;
  const attempt = (content: MlGitContent) => storages.take(content, cache);
  try {
    const isKept = await keptContents(broughtBefore(contents, map), session, context);
    return await collectContents(contents, { map, cache, isKept, meter, signal, concurrency: 8, attempt });
  } finally {
    meter.done();
  }
}

/** Whether a bucket has an object shows only when it is asked. */
async function foretell(
  contents: readonly MlGitContent[],
  map: ContentMap,
  { session, context, storages }: Tools,
): Promise<Collected<MlGitContent>> {
  const isKept = await keptContents(broughtBefore(contents, map), session, context);
  const wanted = contents.filter(({ name }) => !isHere(name, { map, isKept }));
  const copied = wanted.filter(({ name }) => storages.hasLocally(name)).length;
  const here = contents.length - wanted.length;
  return { pointers: new Map(), here, copied, fetched: wanted.length - copied, bytes: 0, missing: [] };
}
