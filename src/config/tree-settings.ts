import { MlgitError } from "../error/mlgit-error.ts";

export interface TreeStore {
  readonly url: string;
  readonly endpointUrl?: string;
  readonly region?: string;
  readonly profile?: string;
  readonly account?: string;
  readonly pathStyle?: boolean;
  /** Name of the store that this one is a copy of: a push goes to both. */
  readonly mirrorOf?: string;
}

/** What `.mlgit/config.yaml` can say. It comes with the clone, so it is never trusted with more than names of places. */
export interface TreeSettings {
  readonly stores?: Readonly<Record<string, TreeStore>>;
  /** Name of the store that is used when nothing else is said. */
  readonly default?: string;
  /** By the folder of a kind (`datasets`): the URL of the git repository where its versions are published. */
  readonly registries?: Readonly<Record<string, string>>;
  /** Kinds of entities besides datasets, labels and models: the word of the folder, or both words. */
  readonly kinds?: readonly (string | DeclaredKind)[];
}

export interface DeclaredKind {
  /** Top key of specs: `environment`. */
  readonly name: string;
  /** Folder and command: `environments`. */
  readonly folder: string;
}

export const treeSettingsPath = ".mlgit/config.yaml";

/** Store names are also keys of git's configuration and words on command lines. */
export const storeNamePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** A kind is a folder, the key of a spec, a command, and the name of a git remote. */
export const kindPattern = /^[a-z][a-z0-9-]{0,63}$/;

/**
 * Reads the text of `.mlgit/config.yaml`. Keys that this version does not know are left alone.
 * @throws MlgitError kind `setup` that names the file and the place in it.
 */
export async function parseTreeSettings(text: string): Promise<TreeSettings> {
  const z = await import("../util/schema.ts");
  const line = z.string().check(z.minLength(1), z.maxLength(2048), z.regex(/^[^\0\r\n]*$/, "must be one line"));
  const word = z.string().check(z.regex(kindPattern, "must be a word of small letters, digits and '-'"));
  const storeName = z.string().check(z.regex(storeNamePattern, "must be letters, digits, '.', '_' and '-'"));
  const store = z.object({
    url: line,
    endpointUrl: z.optional(line),
    // It becomes part of a host name.
    region: z.optional(line.check(z.regex(/^[A-Za-z0-9-]+$/, "must be letters, digits and '-'"))),
    profile: z.optional(line),
    // So does this.
    account: z.optional(line.check(z.regex(/^[a-z0-9]{3,24}$/, "must be 3 to 24 lower-case letters and digits"))),
    pathStyle: z.optional(z.boolean()),
    mirrorOf: z.optional(line.check(z.regex(storeNamePattern, "must be a store's name"))),
  });
  const schema = z.object({
    kinds: z.optional(z.array(z.union([word, z.object({ name: word, folder: word })])).check(z.maxLength(100))),
    stores: z.optional(z.record(storeName, store)),
    default: z.optional(z.string()),
    registries: z.optional(z.record(z.string().check(z.regex(kindPattern, "must be a kind")), line)),
  });
  let value: unknown;
  try {
    value = await loadYaml(text);
  } catch (error) {
    throw unreadable((error as Error).message.split("\n")[0] ?? "", error);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data as TreeSettings;
  const issue = result.error.issues[0];
  throw unreadable(`${issue?.path.join(".") || "the file"}: ${issue?.message}`, result.error);
}

/** The value of a YAML text; an empty object where there is none, which to the parser would be an error. */
export async function loadYaml(text: string): Promise<unknown> {
  const { load } = await import("js-yaml");
  return /^\s*[^#\s]/m.test(text) ? load(text) : {};
}

function unreadable(what: string, cause: unknown): MlgitError {
  return new MlgitError("setup", `${treeSettingsPath} cannot be used: ${what}`, {
    path: treeSettingsPath,
    hint: "mend the file, or restore it with `git restore .mlgit/config.yaml`",
    cause,
  });
}
