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
import { needWorktree, readEntity } from "./find-entity.ts";
import { wizardOf, wizardOption } from "./wizard.ts";

export function configAction(kind: Kind) {
  return {
    name: "config",
    summary: "Change the mutability of an entity, which is a commit of its own",
    arguments: [
      { name: "<name>", description: "of the entity" },
      { name: "<key>", description: "mutability" },
      { name: "[value]", description: mutabilities.join(", ") },
    ],
    options: [wizardOption],
    async run(context, [name = "", key = "", given], options) {
      if (key !== "mutability")
        throw new MlgitError("usage", `${key} cannot be configured`, { hint: "only mutability can" });
      const ask = given === undefined ? await wizardOf(context, options) : undefined;
      const value = given ?? (await ask?.choose("Mutability: may published files change?", mutabilities));
      if (value === undefined)
        throw new MlgitError("usage", "the value is missing", { hint: `it can be ${mutabilities.join(", ")}` });
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
