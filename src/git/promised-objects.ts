import { MlgitError } from "../error/mlgit-error.ts";
import { withoutLazyFetch } from "./lazy-fetch.ts";
import { gitIn, type Repository } from "./repository.ts";

/** Whether this is a partial clone: one whose remote has promised to give what is not here. */
export async function isPartial(repository: Repository): Promise<boolean> {
  return (await withoutLazyFetch(repository)).length > 0;
}

/**
 * Brings blobs of a commit's tree that a partial clone lacks, all of them by one fetch; git itself would ask for one after the other. Does nothing where all are here, or nothing is promised.
 * @throws MlgitError kind `unreachable` when the remote that promised them cannot be asked.
 */
export async function fetchPromised(repository: Repository, treeish: string, oids: readonly string[]): Promise<void> {
  if (oids.length === 0 || !(await isPartial(repository))) return;
  // Looking at an object would already fetch it.
  const args = ["rev-list", "--objects", "--missing=print", "--no-walk", "--end-of-options", treeish];
  const listed = (await gitIn(repository, args)).stdout.toString("latin1");
  const absent = new Set([...listed.matchAll(/^\?([0-9a-f]+)$/gm)].map(([, oid]) => oid));
  const missing = [...new Set(oids)].filter((oid) => absent.has(oid));
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
  throw new MlgitError("unreachable", `${missing.length} objects of this partial clone could not be fetched`, {
    hint: `try again when the remote answers (${problems.join("; ")})`,
  });
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

async function promisors(repository: Repository): Promise<string[]> {
  const args = ["config", "-z", "--type=bool", "--get-regexp", "^remote\\..*\\.promisor$"];
  const { stdout } = await gitIn(repository, args, { okCodes: [0, 1] });
  return stdout
    .toString("utf8")
    .split("\0")
    .flatMap((entry) => {
      const [key = "", value] = entry.split("\n");
      return value === "true" ? [key.slice("remote.".length, -".promisor".length)] : [];
    });
}
