import { MlgitError } from "../error/mlgit-error.ts";
import { gitIn, type Repository } from "./repository.ts";

export interface RefUpdate {
  readonly ref: string;
  readonly to: string;
  /** What it must be before; undefined: it must not exist. */
  readonly old: string | undefined;
}

/**
 * Moves refs, all or none of them. `message` is for the reflogs.
 * @throws MlgitError kind `conflict` when one is not what it was to be.
 */
export async function updateRefs(
  repository: Repository,
  updates: readonly RefUpdate[],
  message: string,
): Promise<void> {
  if (updates.length === 0) return;
  const zero = "0".repeat(repository.objectFormat === "sha256" ? 64 : 40);
  const input = updates.map(({ ref, to, old }) => `update ${ref}\0${to}\0${old ?? zero}\0`).join("");
  const args = ["update-ref", "-m", message, "--stdin", "-z"];
  const { code, stderr } = await gitIn(repository, args, { input, okCodes: [0, 128] });
  if (code === 0) return;
  throw new MlgitError("conflict", `the refs could not be moved: ${stderr.trim().replace(/^fatal: /, "")}`, {
    hint: "somebody else changed them meanwhile; run the same command again",
  });
}

/** A ref and what it names. */
export interface RefTip {
  readonly ref: string;
  readonly oid: string;
  readonly type: string;
  /** What a tag comes down to; the same as `type` for anything else. */
  readonly peeledType: string;
}

/** The refs below some prefixes. */
export async function listRefs(repository: Repository, prefixes: readonly string[]): Promise<RefTip[]> {
  const args = ["for-each-ref", "--format=%(objectname) %(objecttype) %(*objecttype) %(refname)", ...prefixes];
  const { stdout } = await gitIn(repository, args);
  return stdout
    .toString("utf8")
    .split("\n")
    .flatMap((line) => {
      const [oid = "", type = "", peeled = "", ref] = line.split(" ");
      return ref === undefined ? [] : [{ oid, type, peeledType: peeled || type, ref }];
    });
}
