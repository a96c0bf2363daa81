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

/** What one repository declares. */
export interface KindScope {
  declared: readonly Kind[];
  /** Why it is not known what it declares. */
  fault?: Error | undefined;
}

/** A process of the command line works on one repository. */
const ofProcess: KindScope = { declared: [] };
let currentScope: () => KindScope | undefined = () => undefined;

/** For programs that work on several repositories at once: whose kinds are meant by whoever asks; undefined for the process's own. */
export function findKindScope(find: () => KindScope | undefined): void {
  currentScope = find;
}

/** Whose kinds those of {@link kinds} are now. */
export function kindScope(): KindScope {
  return currentScope() ?? ofProcess;
}

/** The kinds of every repository, and those that this one declares: more may be there once it was opened, so do not keep a copy. */
export function kinds(): readonly Kind[] {
  const { declared } = kindScope();
  return declared.length === 0 ? ownKinds : [...ownKinds, ...declared];
}

/** Makes kinds known, in place of those declared before. */
export function declareKinds(declared: readonly Kind[]): void {
  const scope = kindScope();
  // Kinds are compared by identity.
  scope.declared = declared.map(
    (kind) => scope.declared.find(({ name, folder }) => name === kind.name && folder === kind.folder) ?? kind,
  );
}

/** The kind of a word, singular or plural; undefined for any other word. */
export function kindOf(word: string): Kind | undefined {
  return kinds().find(({ name, folder }) => word === name || word === folder || `${word}s` === folder);
}
