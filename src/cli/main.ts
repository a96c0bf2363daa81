import { fixGitFolders } from "../git/environment.ts";
import { runProcess } from "./process.ts";
import { run } from "./run.ts";

/** What bin/git-mlgit starts. */
export function start(): void {
  fixGitFolders();
  void runProcess((signal) => run(process.argv.slice(2), signal));
}
