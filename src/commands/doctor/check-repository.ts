import { statSync } from "node:fs";
import { join } from "node:path";
import { diskError } from "../../error/disk-error.ts";
import { isMlgitError } from "../../error/mlgit-error.ts";
import { trackedPatterns } from "../../git/attribute-edit.ts";
import { readAttributes } from "../../git/attribute-file.ts";
import { areSwitchedOff } from "../../git/hook-install.ts";
import { findHookFolder, type HookFolder, type HookReport, inspectHooks } from "../../git/hook-state.ts";
import { listWorktree } from "../../git/worktree-list.ts";
import { counted } from "../../util/counted.ts";
import { ownHooks } from "../hook-report.ts";
import type { Session } from "../session.ts";
import { checkContents } from "./check-contents.ts";
import { checkMerge } from "./check-merge.ts";
import { bad, type Finding, note, ok } from "./finding.ts";

/** Hooks, attributes and what is committed under them. Reads only. */
export async function checkRepository(session: Session): Promise<Finding[]> {
  const { repository } = session;
  return [
    ...(await checkHooks(session)),
    session.git.bool("push.followtags") === true
      ? ok("tags", "push.followTags is set")
      : note("tags", "version tags do not travel with their commits", "git config push.followTags true"),
    ...checkIndex(session),
    ...(repository.workTree === undefined
      ? []
      : [
          await checkAttributes(repository.workTree),
          ...(await checkMerge(repository)),
          ...(await checkContents({ ...repository, workTree: repository.workTree })),
        ]),
  ];
}

/** git 2.39 alone, without mlgit, ends with "cannot write split index for a sparse index" and a broken index. */
function checkIndex({ git }: Session): Finding[] {
  if (git.bool("core.splitindex") !== true || git.bool("index.sparse") !== true) return [];
  return [
    bad(
      "index",
      "core.splitIndex and index.sparse are both set, and git loses entries of such an index",
      "git sparse-checkout reapply --no-sparse-index, or git config --unset core.splitIndex",
    ),
  ];
}

async function checkHooks(session: Session): Promise<Finding[]> {
  const { repository } = session;
  if (!session.settings.hooks) return [note("hooks", "none are wanted (mlgit.hooks is false)", "git mlgit install")];
  const folder = await findHookFolder(repository);
  const reports = inspectHooks(folder);
  const absent = reports.filter(({ state }) => state === "absent").map(({ name }) => name);
  const wrong = reports.flatMap((report) => faultOf(report) ?? []);
  if (absent.length > 0)
    wrong.unshift(
      areSwitchedOff(folder)
        ? bad("hooks", `switched off: core.hooksPath is ${folder.path}, and a git push sends no data`, ownHooks)
        : bad("hooks", `missing in ${folder.path}: ${absent.join(", ")}`, "git mlgit init"),
    );
  if (wrong.length === 0) return [ok("hooks", `in place in ${folder.path}`)];
  const own = { path: join(repository.commonDir, "hooks"), workTree: undefined };
  return [...wrong, ...movedHooks(folder, own)];
}

function faultOf({ name, path, state }: HookReport): Finding | undefined {
  if (state === "absent") return undefined;
  const isExecutable = ((statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 0o111) !== 0;
  if (state === "tracked") return bad("hooks", `${path} does not call mlgit`, `add the line: git mlgit ${name} "$@"`);
  if (state === "foreign") return bad("hooks", `${name} is another program's: ${path}`, "git mlgit init");
  if (!isExecutable) return bad("hooks", `git ignores ${path}, since it cannot be run`, `chmod +x '${path}'`);
  return state === "outdated" ? note("hooks", `${name} is of another version`, "git mlgit init") : undefined;
}

/** Some tool set `core.hooksPath` after the hooks were installed. */
function movedHooks(folder: HookFolder, own: HookFolder): Finding[] {
  if (folder.path === own.path || inspectHooks(own).every(({ state }) => state !== "ours")) return [];
  return [note("hooks", `core.hooksPath leads git to ${folder.path}, away from ${own.path}`, "git mlgit init")];
}

async function checkAttributes(top: string): Promise<Finding> {
  let count = 0;
  try {
    for await (const path of listWorktree(top, [":(top,glob)**/.gitattributes"]))
      count += trackedPatterns(readAttributes(join(top, path.toString("utf8")))).length;
  } catch (error) {
    const cause = diskError(error, { doing: "read", path: ".gitattributes" });
    if (!isMlgitError(cause)) throw error;
    return bad("attributes", cause.message, cause.hint ?? "mend the file");
  }
  return count > 0
    ? ok("attributes", `${counted(count, "pattern is", "patterns are")} tracked`)
    : note("attributes", "nothing is tracked", "git mlgit track '*.bin'");
}
