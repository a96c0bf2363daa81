/** What an entity is. Its own word is the top key of a spec, its folder the place where entities of that kind lie. */
export interface Kind {
  /** `dataset`, `labels`, `model`: the top key of the spec, and the key of a link to it. */
  readonly name: string;
  /** `datasets`, `labels`, `models`: the folder at the top of the repository, and the command. */
  readonly folder: string;
}

/** The kinds of every repository. */
export const ownKinds: readonly Kind[] = [
  { name: "dataset", folder: "datasets" },
  { name: "labels", folder: "labels" },
  { name: "model", folder: "models" },
];

const known: Kind[] = [...ownKinds];

/** These, and those that the repository declares: more may be there once it was opened, so do not keep a copy. */
export const kinds: readonly Kind[] = known;

/** Makes kinds known for the rest of the process, which works on one repository. In place of those declared before. */
export function declareKinds(declared: readonly Kind[]): void {
  const before = known.splice(ownKinds.length);
  // Kinds are compared by identity.
  for (const kind of declared)
    known.push(before.find(({ name, folder }) => name === kind.name && folder === kind.folder) ?? kind);
}

/** The kind of a word, singular or plural; undefined for any other word. */
export function kindOf(word: string): Kind | undefined {
  return kinds.find(({ name, folder }) => word === name || word === folder || `${word}s` === folder);
}
