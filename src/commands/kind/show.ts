import type { Kind } from "../../entity/kind.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import type { Action } from "../command.ts";
import { indexSpecs } from "../entity-specs.ts";
import { findEntity } from "./find-entity.ts";
import { currentVersion, findVersion, specsOf, versionsOf } from "./versions.ts";

export function showAction(kind: Kind): Action {
  return {
    name: "show",
    summary: "Print the spec of what is checked out, or of a version",
    arguments: [{ name: "<name>", description: "of the entity, or a version's tag" }],
    options: [{ flags: "--version <n>", description: "of which version; default: what is checked out" }],
    async run(context, [word = ""], options) {
      const repository = await context.repository();
      const text = options.version === undefined ? await stagedText() : undefined;
      if (text !== undefined) return result(word, text);
      const number = options.version === undefined ? undefined : Number(options.version);
      const version = await findVersion(repository, kind, { word, number });
      const [spec] = await specsOf(repository, [version]);
      return result(version.version.name, spec?.text ?? "");

      async function stagedText(): Promise<string | undefined> {
        const specs = await indexSpecs(repository);
        return specs.find(({ place }) => place.kind.name === kind.name && place.name === word)?.text;
      }
    },
  };

  async function result(name: string, text: string) {
    const { SpecText } = await import("../../entity/spec-text.ts");
    const body = text.split("\n").filter((line) => line.trim() !== `${kind.name}:`);
    const indent = Math.min(
      ...body.filter((line) => line.trim() !== "").map((line) => line.length - line.trimStart().length),
    );
    const lines = body.map((line) => line.slice(indent)).join("\n");
    return { text: `-- ${kind.name} : ${name} --\n${lines}`, data: new SpecText(text).value([kind.name]) };
  }
}

export function branchAction(kind: Kind): Action {
  return {
    name: "branch",
    summary: "Print which version is checked out",
    arguments: [{ name: "<name>", description: "of the entity" }],
    async run(context, [word = ""]) {
      const repository = await context.repository();
      const place = await findEntity(repository, kind, word);
      const current = await currentVersion(repository, place, await versionsOf(repository, kind, word));
      if (!current)
        throw new MlgitError(
          "incomplete",
          `what is checked out of ${word} is no version: something is changed, or was never committed`,
          {
            hint: `git mlgit ${kind.folder} status ${word}`,
          },
        );
      const { tag, commit } = current.version;
      return { text: `('${tag}', '${commit}')`, data: { tag, sha: commit } };
    },
  };
}
