/** What an entity is. Its own word is the top key of a spec, its folder the place where entities of that kind lie. */
export interface Kind {
  /** `dataset`, `labels`, `model`: the top key of the spec, and the key of a link to it. */
  readonly name: string;
  /** `datasets`, `labels`, `models`: the folder at the top of the repository, and the command. */
  readonly folder: string;
}

export const kinds: readonly Kind[] = [
  { name: "dataset", folder: "datasets" },
  { name: "labels", folder: "labels" },
  { name: "model", folder: "models" },
];

/** The kind of a word, singular or plural; undefined for any other word. */
export function kindOf(word: string): Kind | undefined {
  return kinds.find(({ name, folder }) => word === name || word === folder || `${word}s` === folder);
}
