import { MlgitError } from "../error/mlgit-error.ts";
import type { Repository } from "../git/repository.ts";
import { resolveObjects } from "../git/tags.ts";

/** For names that somebody typed. @throws MlgitError kind `usage` for one that git knows no commit or tree by. */
export async function needTreeish(
  repository: Repository,
  names: readonly string[],
  what = "branch, tag or commit",
): Promise<void> {
  const found = await resolveObjects(
    repository,
    names.map((name) => `${name.replaceAll("\n", " ")}^{tree}`),
  );
  for (const [i, name] of names.entries())
    if (found[i] === undefined)
      throw new MlgitError("usage", `no ${what} is called ${JSON.stringify(name)}`, {
        hint: "git branch -a, git tag and git log show what there is; git fetch brings what others pushed",
      });
}
