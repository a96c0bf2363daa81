import { MlgitError } from "../error/mlgit-error.ts";
import type { Command } from "./command.ts";
import { dvc } from "./migrate/dvc.ts";
import { gitLfs } from "./migrate/git-lfs.ts";
import { mlGit } from "./migrate/ml-git.ts";

/** By the names of the tools. */
export const migrations = { "git-lfs": gitLfs, dvc, "ml-git": mlGit };

/** Brings files, versions and stages over from other tools. */
export const command: Command = {
  actions: [gitLfs, dvc, mlGit],
  async run(_context, [word]) {
    const what = word === undefined ? "from what?" : `${word}: mlgit cannot migrate from that`;
    throw new MlgitError("usage", what, { hint: "git mlgit migrate git-lfs, dvc or ml-git; git mlgit help migrate" });
  },
};
