import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { systemCode } from "../../error/mlgit-error.ts";
import { objectOid, writeObjects } from "../../git/blob-pack.ts";
import { verifyCommit } from "../../git/changes.ts";
import { headerOf, withTreeAndParents } from "../../git/commit-object.ts";
import { listRefs, type RefUpdate } from "../../git/ref-update.ts";
import type { Repository } from "../../git/repository.ts";
import { retag } from "../../git/retag.ts";
import { gitText } from "../../git/run.ts";
import { headBranch } from "../../git/work-state.ts";
import type { Pointer } from "../../pointer/pointer.ts";
import { makeFolder } from "../../util/durable.ts";
import { configTrailer } from "../check-range.ts";
import type { Context } from "../command.ts";
import type { Session } from "../session.ts";
import { UnlockRecord } from "../unlock-record.ts";
import { buildVersion, convertSpec, type EntityTree } from "./ml-git-tree.ts";
import type { MlGitHistory, MlGitVersion } from "./ml-git-versions.ts";
import { migrateFolder, publish } from "./publish.ts";
import type { Problem } from "./report.ts";

/** Which version became which commit, from this run and earlier ones: lines `<tag> <metadata commit> <commit>`. */
export class VersionRecord {
  readonly #file: string;
  /** By tag, and by metadata commit: the commit here. */
  readonly commits = new Map<string, string>();

  constructor(repository: Repository) {
    this.#file = join(migrateFolder(repository), "ml-git-versions");
    for (const line of readLines(this.#file)) {
      const [tag, old, commit] = line.split(" ");
      if (tag && old && commit) this.note(tag, old, commit);
    }
  }

  note(tag: string, old: string, commit: string): void {
    this.commits.set(tag, commit).set(old, commit);
  }

  save(lines: readonly string[]): void {
    makeFolder(join(this.#file, ".."));
    appendFileSync(this.#file, `\n${lines.join("\n")}\n`);
  }
}

export interface MlGitConversion {
  /** In the order in which commits are made. */
  readonly versions: readonly MlGitVersion[];
  readonly others: MlGitHistory["others"];
  /** By CID. */
  readonly pointers: ReadonlyMap<string, Pointer>;
  readonly record: VersionRecord;
}

/** A commit and a tag for each version, on the current branch. */
export async function commitMlGit(
  { versions, others, pointers, record }: MlGitConversion,
  session: Session,
  context: Context,
) {
  const repository = session.workTree;
  const cwd = repository.workTree;
  const head = await verifyCommit(repository, "HEAD");
  const from = head === undefined ? undefined : await gitText(["rev-parse", `${head}^{tree}`], { cwd });
  const cache = await session.cache();
  const problems: Problem[] = [];
  const updates: RefUpdate[] = [];
  const lines: string[] = [];
  const unlock = new UnlockRecord(repository);
  let at = { commit: head, tree: from };
  for (const version of versions) {
    context.signal.throwIfAborted();
    const text = convertSpec(version, record.commits);
    const built = await buildVersion(repository, version, { parent: at.tree, text, pointers, cache });
    if (typeof built === "string") {
      problems.push({ path: version.tag, reason: built });
      continue;
    }
    const commit = await makeCommit(repository, version, built, at.commit);
    at = { commit, tree: built.tree };
    record.note(version.tag, version.commit, commit);
    lines.push(`${version.tag} ${version.commit} ${commit}`);
    updates.push({ ref: `refs/tags/${version.tag}`, to: await makeTag(repository, version, commit), old: undefined });
    if (built.mutability === "flexible") for (const { path, blob } of built.changed) unlock.unlock(path, [blob]);
    if (built.mutability === "strict")
      for (const { path } of built.changed)
        problems.push({
          path,
          reason: `strict, and ${version.tag} has other bytes than the version before; a push is refused by that rule`,
        });
  }
  const made = lines.length;
  const carried = await carryTags(repository, others, record.commits);
  updates.push(...carried.updates);
  problems.push(...carried.problems);
  if (at.commit === undefined || updates.length === 0) return { commits: 0, commit: null, problems, left: [] };
  record.save(lines);
  const branch = (await headBranch(repository)) ?? "HEAD";
  if (at.commit !== head) updates.unshift({ ref: branch, to: at.commit, old: head });
  const publication = { updates, from, to: at.tree ?? "", head: at.commit, message: "migrate ml-git" };
  return { commits: made, commit: at.commit, problems, left: await publish(publication, session, context) };
}

/** Author, committer, dates and message are the metadata commit's. A loosened mutability says so, as `git mlgit <kind> config` does. */
async function makeCommit(
  repository: Repository,
  { commitBytes }: MlGitVersion,
  { tree, place, loosened, mutability }: EntityTree,
  parent: string | undefined,
): Promise<string> {
  const { bytes } = withTreeAndParents(commitBytes, { tree, parents: parent === undefined ? [] : [parent] });
  const trailer = Buffer.from(`\n${configTrailer}: ${place.folder} mutability ${mutability}\n`);
  const object = { type: "commit" as const, bytes: loosened === undefined ? bytes : Buffer.concat([bytes, trailer]) };
  await writeObjects(repository, [object]);
  return objectOid(repository, object);
}

/** The tag as it was, of the new commit; one without an object of its own gets one, as versions have here. */
async function makeTag(repository: Repository, version: MlGitVersion, commit: string): Promise<string> {
  if (version.tagged.type === "tag") {
    const made = await retag(version.repository, version.tagged.oid, new Map([[version.commit, commit]]));
    if (made) {
      await writeObjects(repository, made.objects);
      return made.oid;
    }
  }
  const tagger = headerOf(version.commitBytes, "committer") ?? "";
  const message = `Version ${version.version} of ${version.kind.name} ${version.name}`;
  const text = `object ${commit}\ntype commit\ntag ${version.tag}\ntagger ${tagger}\n\n${message}\n`;
  const object = { type: "tag" as const, bytes: Buffer.from(text, "latin1") };
  await writeObjects(repository, [object]);
  return objectOid(repository, object);
}

/** Tags that people made beside those of versions, where the commit they name was carried over. */
async function carryTags(repository: Repository, others: MlGitHistory["others"], commits: ReadonlyMap<string, string>) {
  const known = new Map((await listRefs(repository, ["refs/tags"])).map(({ ref, oid }) => [ref, oid]));
  const updates: RefUpdate[] = [];
  const problems: Problem[] = [];
  for (const { tag, commit, repository: source } of others) {
    const next = commits.get(commit);
    const name = tag.ref.slice("refs/tags/".length);
    if (next === undefined) {
      problems.push({ path: name, reason: "a tag of a commit that is no version" });
      continue;
    }
    const made = tag.type === "tag" ? await retag(source, tag.oid, new Map([[commit, next]])) : undefined;
    const to = made?.oid ?? next;
    const there = known.get(tag.ref);
    if (there !== undefined && there !== to) problems.push({ path: name, reason: "there is another tag of that name" });
    if (there !== undefined) continue;
    await writeObjects(repository, made?.objects ?? []);
    known.set(tag.ref, to);
    updates.push({ ref: tag.ref, to, old: undefined });
  }
  return { updates, problems };
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, "utf8").split("\n").slice(0, -1);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
}
