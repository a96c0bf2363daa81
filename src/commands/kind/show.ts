import type { Kind } from "../../entity/kind.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import type { Repository } from "../../git/repository.ts";
import type { Action, Context, Options } from "../command.ts";
import { indexSpecs } from "../entity-specs.ts";
import { formatTable, isTerminal, tableOptions } from "../pipeline/print-table.ts";
import { findEntity } from "./find-entity.ts";
import { currentVersion, findVersion, specsOf, versionsOf } from "./versions.ts";

export function showAction(kind: Kind) {
  return {
    name: "show",
    summary: "Print the spec of what is checked out, or of a version",
    arguments: [{ name: "<name>", description: "of the entity, or a version's tag" }],
    options: [
      { flags: "--version <n>", description: "of which version; default: what is checked out" },
      ...tableOptions,
    ],
    async run(context, [word = ""], options) {
      const repository = await context.repository();
      const { name, text } = await readText(repository, kind, { word, number: options.version });
      const { SpecText } = await import("../../entity/spec-text.ts");
      const data = new SpecText(text).value([kind.name]);
      return { text: await describe({ kind, name, text, data }, context, options), data };
    },
  } satisfies Action;
}

async function readText(
  repository: Repository,
  kind: Kind,
  { word, number }: { readonly word: string; readonly number: unknown },
): Promise<{ name: string; text: string }> {
  const staged = number === undefined ? await indexSpecs(repository) : [];
  const own = staged.find(({ place }) => place.kind.name === kind.name && place.name === word);
  if (own) return { name: word, text: own.text };
  const version = await findVersion(repository, kind, {
    word,
    number: number === undefined ? undefined : Number(number),
  });
  const [spec] = await specsOf(repository, [version]);
  return { name: version.version.name, text: spec?.text ?? "" };
}

interface Shown {
  readonly kind: Kind;
  readonly name: string;
  readonly text: string;
  readonly data: unknown;
}

/** A table on a terminal and where one was asked for; elsewhere the spec as it stands, which other programs read. */
function describe({ kind, name, text, data }: Shown, context: Context, options: Options): string | Promise<string> {
  const rows = typeof data === "object" && data !== null ? leaves(data) : [];
  const asked = options.csv === true || options.md === true;
  if (asked || (isTerminal(context) && rows.length > 0))
    return formatTable({ columns: ["key", "value"], rows, empty: "" }, context, options);
  const body = text.split("\n").filter((line) => line.trim() !== `${kind.name}:`);
  const indents = body.filter((line) => line.trim() !== "").map((line) => line.length - line.trimStart().length);
  const indent = indents.reduce((a, b) => Math.min(a, b), Number.MAX_SAFE_INTEGER);
  const lines = body.map((line) => line.slice(indent)).join("\n");
  return `-- ${kind.name} : ${name} --\n${lines}`;
}

/** The values of a spec under dotted keys; a list of words is one value. */
function leaves(value: object, before = ""): string[][] {
  return Object.entries(value).flatMap(([key, inner]) => {
    const name = before + key;
    if (Array.isArray(inner) && inner.every((one) => typeof one !== "object")) return [[name, inner.join(", ")]];
    if (typeof inner === "object" && inner !== null) return leaves(inner, `${name}.`);
    return [[name, inner === null ? "" : String(inner)]];
  });
}

export function branchAction(kind: Kind) {
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
  } satisfies Action;
}
