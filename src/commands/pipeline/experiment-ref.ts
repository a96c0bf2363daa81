/** Below this, each experiment is a commit on no branch. */
export const experimentPrefix = "refs/mlgit/exps/";

export function experimentRef(name: string): string {
  return experimentPrefix + name;
}
