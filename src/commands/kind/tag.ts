import type { Kind } from "../../entity/kind.ts";
import { parseVersionTag } from "../../entity/version-tag.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { makeTag } from "../../git/tags.ts";
import type { Action } from "../command.ts";
import { findEntity } from "./find-entity.ts";
import { currentVersion, versionsOf } from "./versions.ts";

export function versionsAction(kind: Kind) {
  return {
    name: "list",
    summary: "The tags of an entity's versions, the oldest first",
    arguments: [{ name: "<name>", description: "of the entity" }],
    async run(context, [word = ""]) {
      const repository = await context.repository();
      const versions = (await versionsOf(repository, kind, word)).reverse();
      if (versions.length === 0) await findEntity(repository, kind, word);
      return {
        text: versions.map(({ version }) => version.tag).join("\n"),
        data: versions.map(({ version }) => ({ tag: version.tag, version: version.version, sha: version.commit })),
      };
    },
  } satisfies Action;
}

export function tagAction(kind: Kind) {
  const name = { name: "<name>", description: "of the entity" };
  return {
    name: "tag",
    summary: "List an entity's versions, or give the one that is checked out another name",
    actions: [
      versionsAction(kind),
      {
        name: "add",
        summary: "Tag the version that is checked out with a word of your own",
        arguments: [name, { name: "<tag>", description: "a name that is no version's" }],
        async run(context, [word = "", tag = ""]) {
          const repository = await context.repository();
          const place = await findEntity(repository, kind, word);
          const current = await currentVersion(repository, place, await versionsOf(repository, kind, word));
          if (!current || parseVersionTag(tag))
            throw new MlgitError(
              "usage",
              current ? `${tag} would look like a version` : `no version of ${word} is checked out`,
            );
          await makeTag(
            repository,
            { tag, commit: current.version.commit },
            { message: `${tag}: ${current.version.tag}` },
          );
          return { text: `${tag} is ${current.version.tag}`, data: { tag, sha: current.version.commit } };
        },
      },
    ],
    async run() {
      throw new MlgitError("usage", "tag needs list or add", { hint: `git mlgit ${kind.folder} tag list <name>` });
    },
  } satisfies Action;
}
