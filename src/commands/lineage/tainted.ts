import { exitCode } from "../../error/exit-code.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { verifyCommit } from "../../git/changes.ts";
import type { StoredMark } from "../../lineage/marks.ts";
import type { Artifact } from "../../lineage/trace.ts";
import type { Action } from "../command.ts";
import { stillIn } from "./in-tree.ts";
import { type Lineage, openLineage } from "./open-lineage.ts";

/** Something that must not be relied on, and because of which mark. */
interface Tainted {
  readonly artifact: Artifact;
  readonly mark: StoredMark;
}

export const tainted = {
  name: "tainted",
  summary: "List what a commit has of things that are tainted, or were made from such; exit code 1 if there is any",
  arguments: [{ name: "[revision]", description: "default: HEAD" }],
  options: [{ flags: "--all", description: "everything that is tainted, wherever it is" }],
  async run(context, [revision = "HEAD"], options) {
    const lineage = await openLineage(context);
    const commit = await verifyCommit(lineage.repository, revision);
    if (commit === undefined && options.all !== true)
      throw new MlgitError("usage", `${revision} is no commit here`, { hint: "git mlgit lineage tainted --all" });
    const all = await everythingTainted(lineage);
    const here = options.all === true ? all : await inCommit(all, commit ?? "", lineage);
    const lines = here.map(
      ({ artifact, mark }) =>
        `${artifact.path ?? artifact.oid}  since ${mark.record.path ?? mark.record.of} is tainted: ${mark.record.reason}`,
    );
    return {
      text: lines.join("\n") || "nothing is tainted",
      data: here.map(({ artifact, mark }) => ({ ...artifact, mark: { id: mark.id, ...mark.record } })),
      exitCode: here.length > 0 ? exitCode.incomplete : exitCode.ok,
    };
  },
} satisfies Action;

/** What is marked and all that was made from it; one mark for each is enough. */
export async function everythingTainted(lineage: Lineage): Promise<Tainted[]> {
  const found = new Map<string, Tainted>();
  for (const mark of [...lineage.marks.values()].flat()) {
    if (mark.record.mark !== "taint") continue;
    const root: Artifact = { oid: mark.record.of, ...(mark.record.path === null ? {} : { path: mark.record.path }) };
    const { runs } = await lineage.trace([root], "down");
    for (const artifact of [root, ...[...runs.values()].flatMap(({ out }) => out)]) {
      const key = `${artifact.oid} ${artifact.path}`;
      if (!found.has(key)) found.set(key, { artifact: { oid: artifact.oid, path: artifact.path }, mark });
    }
  }
  return [...found.values()];
}

async function inCommit(all: readonly Tainted[], commit: string, { repository }: Lineage): Promise<Tainted[]> {
  const artifacts = all.map(({ artifact }) => artifact);
  const here = new Set(await stillIn(commit, artifacts, repository));
  return all.filter(({ artifact }) => here.has(artifact));
}
