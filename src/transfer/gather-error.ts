import { MlgitError } from "../error/mlgit-error.ts";

/** What an interrupted or lost line left. */
export function unfinished(oid: string): MlgitError {
  return new MlgitError("unreachable", `not all of sha256:${oid} came`, {
    oid,
    hint: "run the same command again; what was finished is kept",
  });
}

/** What a store says of a file does not fit what its pack has. */
export function lyingTerm(oid: string, pack: string): MlgitError {
  return new MlgitError("corrupt", `the store's list of chunks of sha256:${oid} does not fit the pack ${pack}`, {
    oid,
  });
}
