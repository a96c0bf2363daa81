/** Below this, each experiment is a commit on no branch. */
export const experimentPrefix = "refs/mlgit/exps/";

export function experimentRef(name: string): string {
  return experimentPrefix + name;
}

/** Of the commit below an experiment that holds what was not committed when it was started. */
export const uncommittedSubject = "mlgit: changes not committed";
