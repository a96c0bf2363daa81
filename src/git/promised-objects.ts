import { MlgitError } from "../error/mlgit-error.ts";
import { counted } from "../util/counted.ts";
import { absentObjects, isPartial, promisors } from "./lazy-fetch.ts";
import { gitIn, type Repository } from "./repository.ts";

/**
 * Brings objects that a partial clone lacks, all of them by one fetch; git itself would ask for one after the other. Does nothing where all are here, or nothing is promised.
 * @throws MlgitError kind `unreachable` when the remote that promised them cannot be asked.
 */
export async function fetchPromised(repository: Repository, oids: readonly string[]): Promise<void> {
  if (oids.length > 0 && (await isPartial(repository)))
    await fetchAbsent(repository, [...(await absentObjects(repository, oids))]);
}

/** The same, of objects that are known not to be here. */
export async function fetchAbsent(repository: Repository, missing: readonly string[]): Promise<void> {
  if (missing.length === 0) return;
  const problems: string[] = [];
  for (const remote of await promisors(repository)) {
    const { code, stderr } = await gitIn(repository, [...fetchExactly, "--", remote], {
      input: missing.map((oid) => `${oid}\n`).join(""),
      okCodes: [0, 1, 128],
    });
    if (code === 0) return;
    problems.push(`${remote}: ${stderr.trim()}`);
  }
  throw new MlgitError(
    "unreachable",
    `${counted(missing.length, "object")} of this partial clone could not be fetched`,
    {
      hint: `try again when the remote answers (${problems.join("; ")})`,
    },
  );
}

/** As git itself asks for promised objects: just these, without saying what is here. */
const fetchExactly = [
  "-c",
  "fetch.negotiationAlgorithm=noop",
  "fetch",
  "--quiet",
  "--no-tags",
  "--no-write-fetch-head",
  "--recurse-submodules=no",
  "--refmap=",
  "--filter=blob:none",
  "--no-auto-maintenance",
  "--stdin",
];
