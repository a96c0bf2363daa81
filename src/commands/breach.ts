import { MlgitError } from "../error/mlgit-error.ts";

/** A rule of entities that something breaks. */
export interface Breach {
  readonly rule: "spec" | "version" | "loosened" | "strict" | "flexible" | "raw" | "tag" | "stray" | "twin";
  /** For people, relative to the top. */
  readonly path: string;
  /** 0 where no line is to blame. */
  readonly line: number;
  readonly message: string;
  readonly hint: string;
  /** The commit that broke it; absent for what is only staged. */
  readonly commit?: string;
  /** The published bytes that changed: path (latin1, relative to the top) and git's blob. */
  readonly change?: { readonly path: string; readonly published: string };
}

const most = 20;

/** One error for all: every path with its rule, each remedy once. @throws MlgitError kind `refused` if there are any. */
export function refuseBreaches(breaches: readonly Breach[], what: string): void {
  const [first] = breaches;
  if (!first) return;
  const lines = breaches
    .slice(0, most)
    .map((one) => `  ${one.message}${one.commit ? ` (commit ${one.commit.slice(0, 12)})` : ""}`);
  if (breaches.length > most) lines.push(`  … and ${breaches.length - most} more`);
  const rules = new Map(breaches.map((one) => [one.rule, one.hint]));
  throw new MlgitError("refused", `${what}:\n${lines.join("\n")}`, {
    path: first.path,
    hint: [...rules.values()].join("\nhint: "),
  });
}
