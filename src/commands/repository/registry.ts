import { treeSettingsPath } from "../../config/tree-settings.ts";
import { type Kind, kinds } from "../../entity/kind.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { gitIn, type Repository } from "../../git/repository.ts";
import type { Context } from "../command.ts";
import { loadGitSettings } from "../git-settings-in.ts";
import { loadTreeSettings } from "../load-settings.ts";

/** The git repository where the versions of a kind are published, besides the project itself. */
export interface Registry {
  readonly kind: Kind;
  readonly url: string;
  /** `remote`: this repository's git remote of the kind's name. `git`: `mlgit.registry.<kind>`, of the user's own configuration. `tree`: the file that clones see. */
  readonly source: "remote" | "git" | "tree";
}

/** The registry of each kind that has one; what is nearer to the user wins. */
export async function findRegistries(repository: Repository): Promise<Registry[]> {
  const [git, tree] = await Promise.all([loadGitSettings(repository), loadTreeSettings(repository)]);
  return kinds().flatMap((kind): Registry[] => {
    const remote = git.get(`remote.${kind.folder}.url`);
    if (remote !== undefined) return [{ kind, url: remote, source: "remote" }];
    const own = git.get(`mlgit.registry.${kind.folder}`);
    if (own !== undefined) return [{ kind, url: own, source: "git" }];
    const named = tree?.registries?.[kind.folder];
    return named === undefined ? [] : [{ kind, url: named, source: "tree" }];
  });
}

/**
 * The name of the git remote of a kind's registry, or undefined where the kind has none. One that is only named in the settings becomes a
 * remote first: this is for commands by which the user asks to speak to it.
 * @throws MlgitError kind `refused` for a URL that no file of a repository may name.
 */
export async function registryRemote(context: Context, kind: Kind): Promise<string | undefined> {
  const repository = await context.repository();
  const registry = (await findRegistries(repository)).find((one) => one.kind.name === kind.name);
  if (!registry) return undefined;
  if (registry.source !== "remote") {
    if (registry.source === "tree") assertPlainUrl(registry.url);
    await addRemote(repository, kind.folder, registry.url);
    context.info(`remote ${kind.folder} is ${registry.url}`);
  }
  return kind.folder;
}

export async function addRemote(repository: Repository, name: string, url: string): Promise<void> {
  // A registry's tags name commits of its own; they are kept apart from ours.
  const own = kinds().some(({ folder }) => folder === name) ? ["--no-tags"] : [];
  await gitIn(repository, ["remote", "add", ...own, "--", name, url]);
}

/** A helper such as `ext::` runs programs, and other helpers have their own ideas of where credentials go. */
export function assertPlainUrl(url: string): void {
  if (!/^[a-z0-9+.-]+::/i.test(url) && !url.startsWith("-")) return;
  throw new MlgitError("refused", `${treeSettingsPath} names ${url} as a registry, which only you may name`, {
    hint: "if you want it: git remote add <kind> <url>",
  });
}

/** @throws MlgitError kind `usage` for what cannot be a remote's URL. */
export function assertUrl(url: string): void {
  if (url === "" || url.startsWith("-") || /[\p{Cc}]/u.test(url))
    throw new MlgitError("usage", `${JSON.stringify(url)} is no URL of a git repository`);
}
