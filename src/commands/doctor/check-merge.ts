import type { EntityPlace } from "../../entity/entity-path.ts";
import { attributeOf } from "../../git/check-attributes.ts";
import type { Repository } from "../../git/repository.ts";
import { counted } from "../../util/counted.ts";
import { indexSpecs } from "../entity-specs.ts";
import { type Finding, note, ok } from "./finding.ts";

/** Commands that are printed are to be read. */
const shown = 10;

/** Whether git merges specs with `git mlgit merge-spec`: entities that versions before it made do not say so. Nothing to tell where there are none. */
export async function checkMerge(repository: Repository): Promise<Finding[]> {
  const places = (await indexSpecs(repository)).map(({ place }) => place);
  if (places.length === 0) return [];
  const paths = places.map(({ spec }) => Buffer.from(spec));
  const values = await attributeOf(repository, paths, { name: "merge" });
  const without = places.filter((_, i) => values[i] === "unspecified");
  if (without.length === 0) return [ok("merge", "specs have a merge of their own")];
  return [
    note(
      "merge",
      `two branches that each make a version will conflict in the specs of ${counted(without.length, "entity", "entities")}, which an earlier mlgit made`,
      [...without.slice(0, shown).map(lineFor), ...(without.length > shown ? ["and so on"] : [])].join("\n       "),
    ),
  ];
}

/** In single quotes: names come from the repository, and the line is there to be pasted into a shell. The empty line, for a file whose last one does not end. */
function lineFor({ folder, name }: EntityPlace): string {
  const quoted = (text: string) => `'${text.replaceAll("'", "'\\''").replace(/\p{Cc}/gu, "?")}'`;
  return `(echo; echo ${quoted(`/${name}.spec merge=mlgit-spec`)}) >> ${quoted(`${folder}/.gitattributes`)}`;
}
