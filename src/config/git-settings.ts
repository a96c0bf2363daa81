import { MlgitError } from "../error/mlgit-error.ts";

/** git's configuration as `git config -z --list` prints it: key → values in order of precedence, the last one wins. */
export class GitSettings {
  readonly #values: ReadonlyMap<string, readonly string[]>;

  /** `listing` is the NUL-separated output; entries are `key LF value`, or `key` alone for a boolean without a value. */
  constructor(listing: string) {
    const values = new Map<string, string[]>();
    for (const entry of listing.split("\0")) {
      if (entry === "") continue;
      const end = entry.indexOf("\n");
      const key = end < 0 ? entry : entry.slice(0, end);
      const list = values.get(key) ?? [];
      list.push(end < 0 ? "true" : entry.slice(end + 1));
      values.set(key, list);
    }
    this.#values = values;
  }

  /** `key`: section and variable in lower case, the subsection as it is. */
  get(key: string): string | undefined {
    return this.#values.get(key)?.at(-1);
  }

  all(key: string): readonly string[] {
    return this.#values.get(key) ?? [];
  }

  /** git's reading of booleans; undefined where the key is not set or is none. */
  bool(key: string): boolean | undefined {
    const value = this.get(key)?.toLowerCase();
    if (value === undefined) return undefined;
    if (["true", "yes", "on", "1"].includes(value)) return true;
    return ["false", "no", "off", "0", ""].includes(value) ? false : undefined;
  }

  /** The same for settings of mlgit's own. @throws MlgitError kind `setup` where it is no boolean: what it was to say is not guessed. */
  flag(key: string): boolean | undefined {
    const value = this.get(key);
    const flag = this.bool(key);
    if (value === undefined || flag !== undefined) return flag;
    throw new MlgitError("setup", `git config ${key} is ${JSON.stringify(value)}; it can be true or false`, {
      hint: `git config ${key} true, or git config --unset-all ${key}`,
    });
  }

  /** The subsections of a section that have the variable: `names("remote", "url")`. */
  names(section: string, variable: string): string[] {
    const [before, after] = [`${section}.`, `.${variable}`];
    const keys = [...this.#values.keys()].filter((key) => key.startsWith(before) && key.endsWith(after));
    return keys.map((key) => key.slice(before.length, -after.length)).filter((name) => name !== "");
  }
}
