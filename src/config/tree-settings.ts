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
  const { z } = await import("zod");
  const line = z
    .string()
    .min(1)
    .max(2048)
    .regex(/^[^\0\r\n]*$/, "must be one line");
  const store = z.object({
    url: line,
    endpointUrl: line.optional(),
    // It becomes part of a host name.
    region: line.regex(/^[A-Za-z0-9-]+$/, "must be letters, digits and '-'").optional(),
    profile: line.optional(),
    // So does this.
    account: line.regex(/^[a-z0-9]{3,24}$/, "must be 3 to 24 lower-case letters and digits").optional(),
    pathStyle: z.boolean().optional(),
    mirrorOf: line.regex(storeNamePattern, "must be a store's name").optional(),
  });
  const word = z.string().regex(kindPattern, "must be a word of small letters, digits and '-'");
  const schema = z.object({
    kinds: z
      .array(z.union([word, z.object({ name: word, folder: word })]))
      .max(100)
      .optional(),
    stores: z.record(z.string().regex(storeNamePattern, "must be letters, digits, '.', '_' and '-'"), store).optional(),
    default: z.string().optional(),
    registries: z.record(z.string().regex(kindPattern, "must be a kind"), line).optional(),
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
