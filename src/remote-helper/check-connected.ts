import { MlgitError } from "../error/mlgit-error.ts";
import { gitInMirror } from "../git/mirror.ts";
import { restoreHint } from "./restore-hint.ts";
import type { Root } from "./root.ts";

/**
 * Refs whose history is not complete must not be handed on as if it were. What `known` refs reach was looked at before.
 * @throws MlgitError kind `corrupt` that names the refs.
 */
export async function checkConnected(
  mirror: string,
  { refs }: Pick<Root, "refs">,
  known: ReadonlyMap<string, string>,
): Promise<void> {
  const input = [...new Set(refs.values()), ...[...new Set(known.values())].map((oid) => `^${oid}`), ""].join("\n");
  const args = ["rev-list", "--objects", "--quiet", "--stdin"];
  await gitInMirror(mirror, args, { input }).catch((error: Error) => {
    const oid = /\b[0-9a-f]{40,64}\b/.exec(error.message)?.[0];
    const names = [...refs].flatMap(([name, value]) => (value === oid ? [name] : []));
    const more = names.length > 3 ? ` and ${names.length - 3} more` : "";
    const what =
      names.length === 0
        ? error.message
        : `${oid} of ${names.slice(0, 3).join(", ")}${more} is not there; the place was put back to an older state, or lost a pack`;
    throw new MlgitError("corrupt", `the remote lacks objects that its refs need: ${what}`, {
      hint: restoreHint,
      cause: error,
    });
  });
}
