import { lstatSync } from "node:fs";
import { join } from "node:path";
import { MlgitError } from "../../error/mlgit-error.ts";
import { type Change, treeChanges, worktreeChanges } from "../../git/changes.ts";
import { areTracked } from "../../git/check-attributes.ts";
import { codeState } from "../../git/code-state.ts";
import { readCommit, restorePaths } from "../../git/experiment-tree.ts";
import { resolveObjects } from "../../git/tags.ts";
import { counted } from "../../util/counted.ts";
import type { Action } from "../command.ts";
import { uncommittedSubject } from "../pipeline/experiment-ref.ts";
import { Session } from "../session.ts";
import { findExperiment } from "./list.ts";

export const apply = {
  name: "apply",
  summary: "Bring an experiment's files into the worktree",
  arguments: [{ name: "<name>", description: "an experiment" }],
  options: [{ flags: "-f, --force", description: "also over changes that are nowhere else" }],
  async run(context, [name = ""], options) {
    const session = await Session.open(context);
    try {
      const repository = session.workTree;
      const { commit, parent } = await findExperiment(repository, name);
      const code = await codeState(repository);
      const head = code.commit ?? parent;
      const changes = await treeChanges(repository, code.dirty ?? head, commit);
      const start = await startOf(repository, parent);
      const own = new Set((await treeChanges(repository, start, commit)).map(({ path }) => path.toString("latin1")));
      const made = changes.filter(({ path }) => own.has(path.toString("latin1")));
      const lost = options.force === true ? [] : await notElsewhere(repository, made, { head, parent });
      if (lost.length > 0)
        throw new MlgitError("refused", `changes of these files would be lost: ${lost.join(", ")}`, {
          hint: "commit or stash them, or say --force",
        });
      if (made.length > 0)
        await restorePaths(
          repository,
          commit,
          made.map(({ path }) => path),
        );
      const paths = made.map(({ path }) => path.toString());
      return {
        text: `${counted(paths.length, "file is that", "files are those")} of ${name}`,
        data: { name, commit, paths },
      };
    } finally {
      await session.close();
    }
  },
} satisfies Action;

type WithWorktree = Session["workTree"];

/** The commit that was checked out when the experiment was started; the changes on top of it are part of the experiment. */
async function startOf(repository: WithWorktree, parent: string): Promise<string> {
  const { subject, parents } = await readCommit(repository, parent);
  return subject === uncommittedSubject && parents[0] !== undefined ? parents[0] : parent;
}

/** Paths whose content in the worktree is neither that of HEAD nor that of the experiment's start. */
async function notElsewhere(
  repository: WithWorktree,
  changes: readonly Change[],
  { head, parent }: { readonly head: string; readonly parent: string },
): Promise<string[]> {
  const names = changes.flatMap(({ path }) => [head, parent].map((commit) => `${commit}:${path.toString("utf8")}`));
  const known = await resolveObjects(repository, names);
  const unstaged = new Set((await worktreeChanges(repository)).map(({ path }) => path.toString("latin1")));
  const tracked = await areTracked(
    repository,
    changes.map(({ path }) => path),
  );
  return changes.flatMap(({ path, oldBlob, status }, i) => {
    const [inHead, inParent] = [known[2 * i], known[2 * i + 1]];
    const isNew = status === "A";
    const isThere =
      lstatSync(join(repository.workTree, path.toString("utf8")), { throwIfNoEntry: false }) !== undefined;
    const safe = isNew ? !isThere : oldBlob === inHead || oldBlob === inParent;
    // A data file that was changed and not staged is not in the tree that was compared.
    const hidden = tracked[i] === true && unstaged.has(path.toString("latin1"));
    return safe && !hidden ? [] : [path.toString("utf8")];
  });
}
