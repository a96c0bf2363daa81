import type { Kind } from "../../entity/kind.ts";
import { isMutability, loosens, mutabilities } from "../../entity/mutability.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { passThrough } from "../../git/pass-through.ts";
import { gitIn } from "../../git/repository.ts";
import { addPaths } from "../../git/stage.ts";
import { configTrailer } from "../check-range.ts";
import type { Action } from "../command.ts";
import { loosenVariable } from "../staged-entities.ts";
import { editEntity } from "./edit-entity.ts";
import { findEntity, needWorktree, readEntity } from "./find-entity.ts";

const words: Readonly<Record<string, string>> = {
  A: "new file",
  M: "modified",
  D: "deleted",
  T: "type changed",
  R: "renamed",
};

export function statusAction(kind: Kind) {
  return {
    name: "status",
    summary: "Show what is changed in an entity",
    arguments: [{ name: "<name>", description: "of the entity" }],
    async run(context, [name = ""]) {
      const repository = await context.repository();
      const place = await findEntity(repository, kind, name);
      const args = ["status", "--porcelain", "-z", "--no-renames", "-uall", "--", `:(top,literal)${place.folder}`];
      const { stdout } = await gitIn(repository, args);
      const lines = stdout.toString("utf8").split("\0").filter(Boolean);
      const pick = (column: 0 | 1) =>
        lines
          .filter((line) => !" ?".includes(line[column] ?? " "))
          .map((line) => ({
            change: words[line[column] ?? ""] ?? "changed",
            path: line.slice(4 + place.folder.length),
          }));
      const data = {
        staged: pick(0),
        unstaged: pick(1),
        untracked: lines.filter((line) => line.startsWith("??")).map((line) => line.slice(4 + place.folder.length)),
      };
      const section = (title: string, list: readonly { change: string; path: string }[]) => [
        title,
        ...list.map(({ change, path }) => `    ${change}: ${path}`),
        "",
      ];
      return {
        text: [
          ...section("Changes to be committed", data.staged),
          ...section("Changes not staged for commit", data.unstaged),
          "untracked files",
          ...data.untracked.map((path) => `    ${path}`),
        ].join("\n"),
        data,
      };
    },
  } satisfies Action;
}

export function configAction(kind: Kind) {
  return {
    name: "config",
    summary: "Change the mutability of an entity, which is a commit of its own",
    arguments: [
      { name: "<name>", description: "of the entity" },
      { name: "<key>", description: "mutability" },
      { name: "<value>", description: mutabilities.join(", ") },
    ],
    async run(context, [name = "", key = "", value = ""]) {
      if (key !== "mutability")
        throw new MlgitError("usage", `${key} cannot be configured`, { hint: "only mutability can" });
      if (!isMutability(value))
        throw new MlgitError("usage", `mutability ${JSON.stringify(value)}: it can be ${mutabilities.join(", ")}`);
      const repository = needWorktree(await context.repository());
      const entity = await readEntity(repository, kind, name);
      const { place, spec } = entity;
      if (spec.mutability === value) return { text: `${name} is ${value} already`, data: { changed: false } };
      const { stdout } = await gitIn(repository, ["status", "--porcelain", "--", place.spec]);
      if (stdout.length > 0)
        throw new MlgitError("conflict", `${place.spec} has changes of its own`, {
          path: place.spec,
          hint: "commit them first: the change of mutability is a commit of its own",
        });
      editEntity(repository, entity, [{ keys: [kind.name, "mutability"], value }]);
      await addPaths(repository, [Buffer.from(place.spec)]);
      const message = `${place.folder}: ${spec.mutability} becomes ${value}\n\n${configTrailer}: ${place.folder} mutability ${value}`;
      const env = loosens(spec.mutability, value) ? { [loosenVariable]: place.folder } : {};
      await passThrough(repository, ["commit", "-q", "-m", message, "--only", "--", place.spec], env);
      return {
        text: `${name} was ${spec.mutability} and is ${value}`,
        data: { changed: true, from: spec.mutability, to: value },
      };
    },
  } satisfies Action;
}
