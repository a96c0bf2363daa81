import { existsSync } from "node:fs";
import { join } from "node:path";
import { type DeclaredKind, kindPattern, parseTreeSettings, treeSettingsPath } from "../config/tree-settings.ts";
import { declareKinds, type Kind, kindScope, ownKinds } from "../entity/kind.ts";
import { isMlgitError, MlgitError } from "../error/mlgit-error.ts";
import type { Repository } from "../git/repository.ts";
import { readTreeFile } from "../git/tree-file.ts";
import { commands } from "./index.ts";

/** For whatever holds entities against their rules. @throws MlgitError kind `setup` when it is not known which kinds there are. */
export function assertKinds(): void {
  const { fault } = kindScope();
  if (fault) throw fault;
}

/**
 * Makes the kinds known that a repository declares. Called for every command, so that it costs next to nothing where none are: git's own
 * calls must work also while that file is broken, so what cannot be read is handed to `warn`, and no kind is declared.
 */
export async function loadKinds(repository: Repository, warn: (message: string) => void): Promise<void> {
  try {
    kindScope().fault = undefined;
    declareKinds(await readKinds(repository));
  } catch (error) {
    if (!isMlgitError(error)) throw error;
    kindScope().fault = error;
    declareKinds([]);
    warn(`${error.message}; kinds that it declares are not known`);
  }
}

async function readKinds(repository: Repository): Promise<Kind[]> {
  const { workTree, gitDir } = repository;
  // Asking git for a file that is not checked out costs a process.
  const elsewhere = workTree === undefined || existsSync(join(gitDir, "info/sparse-checkout"));
  if (!elsewhere && !existsSync(join(workTree, treeSettingsPath))) return [];
  const text = await readTreeFile(repository, treeSettingsPath);
  if (text === undefined || !/^\s*["']?kinds["']?\s*:|[{,]\s*["']?kinds["']?\s*:/m.test(text)) return [];
  return checkKinds((await parseTreeSettings(text)).kinds ?? []);
}

/** @throws MlgitError kind `setup` for words that are taken. */
export function checkKinds(declared: readonly (string | DeclaredKind)[]): Kind[] {
  const kinds = declared.map((one) =>
    typeof one === "string"
      ? { name: one.replace(/(?<=.)s$/, ""), folder: one }
      : { name: one.name, folder: one.folder },
  );
  const taken = new Set([
    ...commands.flatMap(({ name, aliases = [] }) => [name, ...aliases]),
    ...ownKinds.flatMap(({ name, folder }) => [name, folder]),
  ]);
  for (const { name, folder } of kinds)
    for (const word of new Set([name, folder])) {
      if (taken.has(word))
        throw new MlgitError(
          "setup",
          `${treeSettingsPath} declares the kind ${folder}, and ${word} is a command or another kind`,
          {
            path: treeSettingsPath,
            hint: "give it other words: {name: …, folder: …}",
          },
        );
      taken.add(word);
    }
  return kinds;
}

/** How to declare a kind, where a word may have been meant for one. */
export function declareHint(word: string): string | undefined {
  if (!kindPattern.test(word)) return undefined;
  return `a kind of entity of that name is declared in ${treeSettingsPath} by the line \`kinds: [${word}]\``;
}
