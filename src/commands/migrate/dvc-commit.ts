import { commitTree } from "../../git/experiment-tree.ts";
import { gitText } from "../../git/run.ts";
import { headBranch } from "../../git/work-state.ts";
import type { Pointer } from "../../pointer/pointer.ts";
import type { Context } from "../command.ts";
import type { Session } from "../session.ts";
import type { DvcTargets } from "./dvc-files.ts";
import type { DvcProject, PlacedOut } from "./dvc-project.ts";
import type { ConvertedStages } from "./dvc-stages.ts";
import { buildDvcTree, type DvcTree } from "./dvc-tree.ts";
import { publish } from "./publish.ts";
import type { Problem } from "./report.ts";

export interface DvcConversion {
  readonly head: string;
  readonly project: DvcProject;
  readonly found: DvcTargets;
  /** By the contents' names; those that are not there could not be had. */
  readonly pointers: ReadonlyMap<string, Pointer>;
  readonly stages: ConvertedStages;
  readonly message: string;
}

/** One commit with pointers in place of DVC's files. An output of which anything is missing stays DVC's as a whole, and so does the file that names it. */
export async function commitDvc(conversion: DvcConversion, session: Session, context: Context) {
  const { head, found, pointers, stages, message } = conversion;
  const { workTree } = session.workTree;
  const from = (await gitText(["rev-parse", `${head}^{tree}`], { cwd: workTree })) ?? "";
  const lost = found.targets.filter(({ content }) => !pointers.has(content.name)).map(({ out }) => out);
  const { built, problems } = await build({ ...conversion, from }, new Set([...found.incomplete, ...lost]), session);
  if (built.tree === from) return { files: 0, problems };
  const next = await commitTree(session.repository, built.tree, { parent: head, message });
  const updates = [{ ref: (await headBranch(session.repository)) ?? "HEAD", to: next, old: head }];
  const publication = { updates, from, to: built.tree, head: next, message: "migrate dvc" };
  const left = await publish(publication, session, context);
  const changed = left.map((path) => ({ path, reason: "was changed meanwhile and left as it is" }));
  return {
    files: built.tracked,
    commit: next,
    commits: 1,
    problems: [...problems, ...changed],
    notes: [
      "git push sends the data to mlgit's store; DVC's cache and remotes are as they were, and older commits still need them",
      "when nothing needs DVC here any more: git rm -r .dvc",
      ...(stages.added.length > 0 ? ["no stage counts as run yet: git mlgit repro runs them once"] : []),
    ],
  };
}

async function build(
  conversion: DvcConversion & { readonly from: string },
  stay: ReadonlySet<PlacedOut>,
  session: Session,
): Promise<{ readonly built: DvcTree; readonly problems: readonly Problem[] }> {
  const { from, project, found, pointers, stages } = conversion;
  const targets = found.targets.filter(({ out }) => !stay.has(out));
  const removed = removedFiles(project, stages, stay);
  const edit = { targets, pointers, plain: stages.plain, removed, pipeline: stages.text };
  const built = await buildDvcTree(session.repository, from, edit, await session.cache());
  if (built.problems.length === 0) return { built, problems: [] };
  const unfit = new Set(built.problems.map(({ path }) => path));
  const more = targets.filter(({ path }) => unfit.has(path)).map(({ out }) => out);
  const again = await build(conversion, new Set([...stay, ...more]), session);
  return { built: again.built, problems: [...built.problems, ...again.problems] };
}

/** What DVC reads and nothing needs any more: files all of whose outputs and stages were carried over. */
function removedFiles(project: DvcProject, stages: ConvertedStages, stay: ReadonlySet<PlacedOut>): string[] {
  const kept = new Set([...project.faulty, ...project.outs.filter((out) => stay.has(out)).map(({ source }) => source)]);
  const used = new Set(project.outs.map(({ source }) => source));
  const done = stages.done.filter((folder) => !kept.has(`${folder}dvc.lock`));
  const files = [
    ...project.dvcFiles.filter((path) => used.has(path) && !kept.has(path)),
    ...done.flatMap((folder) => [`${folder}dvc.yaml`, `${folder}dvc.lock`]),
  ];
  return files.filter((path) => project.tracked.has(path));
}
