import { formatAttributeLine, trackedAttributes } from "../git/attribute-line.ts";
import { type Kind, kinds } from "./kind.ts";

/** Where an entity lies: `<kind>/[folder/]<name>/<name>.spec`, relative to the top of the repository, `/`-separated. */
export interface EntityPlace {
  readonly kind: Kind;
  readonly name: string;
  /** Of the entity, without a slash at the end: `datasets/folderA/imagenet8`. */
  readonly folder: string;
  readonly spec: string;
}

/** The entity that a path is the spec of, or undefined: other files may end in `.spec` too. */
export function placeOfSpec(path: string): EntityPlace | undefined {
  if (!path.endsWith(".spec")) return undefined;
  const parts = path.split("/");
  const kind = kinds().find(({ folder }) => folder === parts[0]);
  const name = parts.at(-2);
  if (!kind || parts.length < 3 || name === undefined || parts.at(-1) !== `${name}.spec`) return undefined;
  return { kind, name, folder: parts.slice(0, -1).join("/"), spec: path };
}

/** Whether a path (one character a byte) lies where entities are, by its first folder alone. */
export function mayBeEntity(path: string): boolean {
  return kinds().some(({ folder }) => path.startsWith(`${folder}/`));
}

/** Pathspecs of everything that may be a spec, for git's own listing. */
export function specPathspecs(): string[] {
  return kinds().map(({ folder }) => `:(top,glob)${folder}/**/*.spec`);
}

/** The place of a new or known entity. `dir` is the folder between kind and name; empty for none. */
export function placeOf(kind: Kind, name: string, dir = ""): EntityPlace {
  const folder = [kind.folder, ...dir.split("/").filter((part) => part !== "" && part !== "."), name].join("/");
  return { kind, name, folder, spec: `${folder}/${name}.spec` };
}

/**
 * Whether a path inside an entity (relative to its folder) is data: what mutability governs, and what amount and size count. Not
 * the spec, not README.md beside it, no dotfile.
 */
export function isData(inside: string, name: string): boolean {
  if (inside === `${name}.spec` || inside === "README.md") return false;
  return !(inside.split("/").at(-1) ?? "").startsWith(".");
}

const none = "!filter !diff !merge !text";

/** The line by which git keeps a spec as it is. */
export function specAttributes(name: string): string {
  return `/${name}.spec ${none.replace("!merge", "merge=mlgit-spec")}`;
}

/** The `.gitattributes` of an entity: everything is tracked but what `isData` leaves out; specs have a merge of their own (`git mlgit merge-spec`). */
export function entityAttributes(name: string): string {
  return [
    "# Everything here is data, but the spec, the README and dotfiles.",
    formatAttributeLine({ pattern: "*", attributes: trackedAttributes }),
    specAttributes(name),
    `/README.md ${none}`,
    `.* ${none}`,
    "",
  ].join("\n");
}
