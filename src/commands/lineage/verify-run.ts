import { exitCode } from "../../error/exit-code.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { verifyCommit } from "../../git/changes.ts";
import { commitTree } from "../../git/experiment-tree.ts";
import type { Repository } from "../../git/repository.ts";
import { knownRevisions } from "../../git/revision.ts";
import type { RunRecord } from "../../lineage/run-record.ts";
import type { CommandResult, Context } from "../command.ts";
import { inWorktree, removeAbandoned } from "../exp/experiment-worktree.ts";
import { refuseEnvironment } from "../exp/run.ts";
import { Session } from "../session.ts";
import { describeRun } from "./draw-trace.ts";
import { findRun } from "./find-run.ts";
import { openLineage } from "./open-lineage.ts";
import { type Repeated, repeatRun } from "./repeat-run.ts";

/** What `verify` does; its parts are many, and loaded for nothing else. */
export async function verifyRun(context: Context, word: string, trusted: boolean): Promise<CommandResult> {
  refuseEnvironment();
  const lineage = await openLineage(context);
  const { id, record } = await findRun(word, lineage);
  const session = await Session.open(context);
  try {
    await removeAbandoned(session.repository, context);
    const base = await baseOf(record, session.workTree);
    const repeated = await inWorktree(session.repository, base, (worktree) =>
      repeatRun(record, { worktree, own: session.workTree, context, trusted }),
    );
    const text = [describeRun(id, record), "", ...describe(record, repeated)].join("\n");
    const code = repeated.same ? exitCode.ok : exitCode.incomplete;
    return { text, data: { run: id, ...repeated }, exitCode: code };
  } finally {
    await session.close();
  }
}

/** The code as it was: the commit, with what was changed and not committed on top of it. */
async function baseOf({ code }: RunRecord, repository: Repository): Promise<string> {
  if (code.commit === null)
    throw new MlgitError("missing", "the run was made before the first commit, so its code is not known", {
      hint: "run it again: git mlgit repro",
    });
  const commit = await verifyCommit(repository, code.commit);
  if (commit === undefined)
    throw new MlgitError("missing", `the commit ${code.commit} that was checked out then is not here`, {
      hint: "git fetch --all, git fetch --unshallow",
    });
  if (code.dirty === null) return commit;
  if ((await knownRevisions(repository, [code.dirty])).length > 0)
    return commitTree(repository, code.dirty, { parent: commit, message: "mlgit: changes not committed\n" });
  throw new MlgitError("missing", "the run was made with changes that were not committed, and they are not here", {
    hint: "verify it in the clone that made it; commit first, and others can",
  });
}

function describe(record: RunRecord, { same, exit, outputs, metrics, machine }: Repeated): string[] {
  const lines = [
    exit.same ? `exit ${exit.now}: the same` : `exit ${exit.now}, then it was ${exit.recorded}`,
    ...outputs.flatMap((one) => [
      `${one.path}: ${one.same ? "the same" : one.now === null ? "was not made" : `differs, ${one.now}`}`,
      ...one.files.map((file) => `  ${file}`),
    ]),
    ...metrics.map(({ name, recorded, now }) => `metric ${name}: ${show(now)}, then it was ${show(recorded)}`),
  ];
  if (same)
    return [...lines, record.out.length === 0 ? "it ended in the same way" : "all of it is the same, byte for byte"];
  return [
    ...lines,
    ...machine.map(({ name, recorded, now }) => `${name}: ${show(now)}, then it was ${show(recorded)}`),
  ];
}

function show(value: unknown): string {
  return value === undefined || value === null ? "nothing" : typeof value === "string" ? value : JSON.stringify(value);
}
