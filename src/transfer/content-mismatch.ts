import { MlgitError } from "../error/mlgit-error.ts";
import { howToMend } from "../store/how-to-mend.ts";

/** What the chunks of a file give is not the content that they are said to be. */
export function contentMismatch(oid: string): MlgitError {
  return new MlgitError("corrupt", `the chunks that the store has for sha256:${oid} do not give this content`, {
    oid,
    hint: howToMend,
  });
}
