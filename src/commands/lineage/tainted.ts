import { exitCode } from "../../error/exit-code.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { verifyCommit } from "../../git/changes.ts";
import type { StoredMark } from "../../lineage/marks.ts";
import type { Artifact } from "../../lineage/trace.ts";
import type { Action } from "../command.ts";
import { CopyFinder, stillIn, type Wanted } from "./in-tree.ts";
import { type Lineage, openLineage } from "./open-lineage.ts";

/** Something that must not be relied on, and because of which mark. */
interface Tainted {
  readonly artifact: Wanted;
  /** The files of a folder. */
  readonly inside: readonly Wanted[];
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
    const { of, path, size } = mark.record;
    const root: Artifact = { oid: of, ...(path === null ? {} : { path }) };
    const { runs } = await lineage.trace([root], "down");
    const files = [...runs.values()].flatMap((run) => [...run.in, ...run.out]);
    const sizes = new Map(
      [{ oid: of, size }, ...files].flatMap((one) => (one.size === undefined ? [] : [[one.oid, one.size]])),
    );
    for (const artifact of [root, ...[...runs.values()].flatMap(({ out }) => out)]) {
      const key = `${artifact.oid} ${artifact.path}`;
      if (found.has(key)) continue;
      found.set(key, { artifact: wanted(artifact, sizes), inside: await lineage.filesIn(artifact), mark });
    }
  }
  return [...found.values()];
}

function wanted({ oid, path }: Artifact, sizes: ReadonlyMap<string, number>): Wanted {
  const size = sizes.get(oid);
  return { oid, path, ...(size === undefined ? {} : { size }) };
}

/** Also under other paths: a copy is as bad. */
async function inCommit(all: readonly Tainted[], commit: string, { repository }: Lineage): Promise<Tainted[]> {
  const artifacts = all.map(({ artifact }) => artifact);
  const here = new Set(await stillIn(commit, artifacts, repository));
  const named = all.filter(({ artifact }) => here.has(artifact));
  const marks = new Map(
    all.flatMap(({ artifact, inside, mark }) => [artifact, ...inside].map(({ oid }) => [oid, mark])),
  );
  const isNamed = (path: string) =>
    named.some(({ artifact }) => artifact.path === path || path.startsWith(`${artifact.path}/`));
  const files = all.flatMap(({ inside }) => inside);
  const copies = (await new CopyFinder(repository, [...artifacts, ...files]).in(commit)).flatMap((artifact) => {
    const mark = marks.get(artifact.oid);
    return mark && !isNamed(artifact.path ?? "") ? [{ artifact, inside: [], mark }] : [];
  });
  return [...named, ...copies];
}
