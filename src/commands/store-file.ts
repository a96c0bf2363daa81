import { lstatSync, readdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { editTreeSettings, type TreeChange } from "../config/tree-edit.ts";
import { treeSettingsPath } from "../config/tree-settings.ts";
import { onDisk } from "../error/disk-error.ts";
import { MlgitError } from "../error/mlgit-error.ts";
import { gitIn, type Repository } from "../git/repository.ts";
import { readTreeFile } from "../git/tree-file.ts";
import { makeFolder, writeDurable } from "../util/durable.ts";

/** Whether the file differs from what the last commit has. One that git does not know and that says nothing does not, and is taken away. */
export async function isToCommit(repository: Repository): Promise<boolean> {
  if (repository.workTree === undefined) return false;
  const args = ["status", "--porcelain", "--untracked-files=all", "--", `:(top,literal)${treeSettingsPath}`];
  const { stdout } = await gitIn(repository, args);
  const path = join(repository.workTree, treeSettingsPath);
  if (!stdout.toString("latin1").startsWith("??") || readFileSync(path, "utf8").trim() !== "") return stdout.length > 0;
  rmSync(path);
  if (readdirSync(dirname(path)).length === 0) rmdirSync(dirname(path));
  return false;
}

/**
 * Changes `.mlgit/config.yaml` in the worktree, whole or not at all. True in `rewritten` if comments could not be kept.
 * @throws MlgitError kind `setup` in a bare repository or for a file that cannot be used, `refused` for a symlink.
 */
export async function changeTreeSettings(repository: Repository, change: TreeChange): Promise<{ rewritten: boolean }> {
  if (repository.workTree === undefined)
    throw new MlgitError("setup", `a bare repository has no ${treeSettingsPath}`, {
      hint: "name the store for this repository alone, with --local",
    });
  const before = (await readTreeFile(repository, treeSettingsPath)) ?? "";
  const { text, rewritten } = await editTreeSettings(before, change);
  const path = join(repository.workTree, treeSettingsPath);
  onDisk("write", path, () => {
    makeFolder(join(repository.workTree ?? "", ".mlgit"));
    const mode = lstatSync(path, { throwIfNoEntry: false })?.mode;
    writeDurable(path, text, mode === undefined ? {} : { mode: mode & 0o777 });
  });
  return { rewritten };
}
