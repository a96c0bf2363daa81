import { MlgitError } from "../error/mlgit-error.ts";
import type { ObjectFormat } from "../git/repository.ts";
import type { Root } from "./root.ts";

/** @throws MlgitError kind `unsupported` where one side's objects can be none of the other's. */
export function assertSameFormat(
  { objectFormat }: Pick<Root, "objectFormat">,
  local: ObjectFormat,
  hint: string,
): void {
  if (objectFormat === local) return;
  throw new MlgitError("unsupported", `the remote keeps ${objectFormat} objects and this repository ${local}`, {
    hint,
  });
}
