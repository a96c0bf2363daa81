import type { EntityPlace } from "../../entity/entity-path.ts";
import type { Kind } from "../../entity/kind.ts";
import { parseVersionTag } from "../../entity/version-tag.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { passThrough } from "../../git/pass-through.ts";
import { fetchRegistry } from "../../git/registry.ts";
import { defaultRemote } from "../../git/remote.ts";
import { remoteTags } from "../../git/remote-refs.ts";
import { gitIn } from "../../git/repository.ts";
import { addPaths } from "../../git/stage.ts";
import { resolveObjects } from "../../git/tags.ts";
import type { Action, Context } from "../command.ts";
import { loadGitSettings } from "../git-settings-in.ts";
import { ownVersions as allVersions, publishedVersions, type VersionTree, versionTrees } from "../published.ts";
import { registryVersions } from "../registry/clash.ts";
import { registryRemote } from "../repository/registry.ts";
import { editEntity } from "./edit-entity.ts";
import { needWorktree, readEntity, type Worktree } from "./find-entity.ts";

/** For whoever was second to take a number. */
export function renumberAction(kind: Kind) {
  return {
    name: "renumber",
    summary: "Give a version whose number somebody else has published the next free one",
    arguments: [{ name: "<name>", description: "of the entity" }],
    async run(context, [name = ""]) {
      const repository = needWorktree(await context.repository());
      const entity = await readEntity(repository, kind, name);
      const { place, spec } = entity;
      const own = await ownVersions(repository, place, spec.version);
      const taken = await takenVersions(context, repository, place);
      const lost = own.filter((one) => taken.clashes(one));
      if (lost.length === 0)
        return {
          text: `no number of ${name} is taken by somebody else`,
          data: { renumbered: false, version: spec.version },
        };
      const highest = Math.max(...own.map(({ version }) => version.version), taken.highest);
      const current = lost.find(({ version }) => version.version === spec.version);
      const isLost = current !== undefined && !(await taken.isHere(current));
      const next = isLost ? highest + 1 : spec.version;
      if (isLost)
        await commitNumber(repository, { kind, place }, () => {
          editEntity(repository, entity, [{ keys: [kind.name, "version"], value: next }]);
          return `${place.folder}: version ${spec.version} becomes ${next}`;
        });
      // Last: until then running it again would do the rest. Their commits stay in the history of the branch.
      const tags = lost.map(({ version }) => version.tag);
      await gitIn(repository, ["tag", "-d", "--", ...tags]);
      return {
        text: `${isLost ? `version ${spec.version} of ${name} is ${next} now; ` : ""}the name ${tags.join(", ")} is theirs`,
        data: { renumbered: true, from: spec.version, version: next, released: tags },
      };
    },
  } satisfies Action;
}

/** Also the one whose number the spec has, but whose commit a rebase onto theirs has replaced: its tag stays behind. */
async function ownVersions(repository: Worktree, place: EntityPlace, current: number): Promise<VersionTree[]> {
  const published = await publishedVersions(repository, ["HEAD"]);
  const known = new Set(published.map(({ tag }) => tag));
  const left = (await allVersions(repository)).filter(
    ({ tag, name, version }) => name === place.name && version === current && !known.has(tag),
  );
  const own: VersionTree[] = [];
  for await (const one of versionTrees(repository, place, [...left, ...published])) own.push(one);
  return own;
}

interface Taken {
  /** 0 where there are none. */
  readonly highest: number;
  clashes(version: VersionTree): boolean;
  /** Whether what they published under that number is what HEAD has. */
  isHere(version: VersionTree): Promise<boolean>;
}

/** What others published: in the kind's registry, else in the remote. Contacts them. */
async function takenVersions(context: Context, repository: Worktree, place: EntityPlace): Promise<Taken> {
  const treeAt = async (commit: string) => (await resolveObjects(repository, [`${commit}:${place.folder}`]))[0];
  const isHere = async (tree: string | undefined) => tree !== undefined && tree === (await treeAt("HEAD"));
  const registry = await registryRemote(context, place.kind);
  if (registry !== undefined) {
    await fetchRegistry(repository, registry);
    const versions = await registryVersions(repository, registry, place);
    return {
      highest: versions[0]?.version.version ?? 0,
      clashes: (own) => versions.some((one) => one.version.version === own.version.version && one.tree !== own.tree),
      isHere: ({ version }) => isHere(versions.find((one) => one.version.version === version.version)?.tree),
    };
  }
  const remote = await defaultRemote(repository, await loadGitSettings(repository), "push");
  if (remote === undefined)
    throw new MlgitError("setup", "there is no remote to ask", { hint: "git remote add origin <url>" });
  const tags = await remoteTags(repository, remote);
  const numbers = tags.flatMap(({ tag }) => parseVersionTag(tag) ?? []).filter(({ name }) => name === place.name);
  return {
    highest: Math.max(0, ...numbers.map(({ version }) => version)),
    clashes: ({ version }) => tags.some(({ tag, commit }) => tag === version.tag && commit !== version.commit),
    async isHere({ version }) {
      const theirs = tags.find(({ tag }) => tag === version.tag);
      return theirs !== undefined && isHere(await treeAt(theirs.commit));
    },
  };
}

/** The number alone becomes a commit; what else is staged or changed stays as it is. */
async function commitNumber(
  repository: Worktree,
  { kind, place }: { readonly kind: Kind; readonly place: EntityPlace },
  edit: () => string,
): Promise<void> {
  const { stdout } = await gitIn(repository, ["status", "--porcelain", "--", `:(top,literal)${place.folder}`]);
  if (stdout.length > 0)
    throw new MlgitError("conflict", `${place.folder} has changes that are not committed`, {
      path: place.folder,
      hint: `commit them first (git mlgit ${kind.folder} commit ${place.name}), or put them aside with git stash`,
    });
  const message = edit();
  await addPaths(repository, [Buffer.from(place.spec)]);
  await passThrough(repository, ["commit", "-q", "-m", message, "--only", "--", place.spec]);
}
