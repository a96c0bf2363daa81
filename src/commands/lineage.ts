import type { Action, Command, CommandResult } from "./command.ts";
import { deploy, deployed } from "./lineage/deploy.ts";
import { diff, why } from "./lineage/diff.ts";
import { exportAction } from "./lineage/export.ts";
import { mark, marks } from "./lineage/mark.ts";
import { mayIDelete } from "./lineage/may-i-delete.ts";
import { importRuns, record } from "./lineage/record.ts";
import { runs } from "./lineage/runs.ts";
import { show, showOptions } from "./lineage/show.ts";
import { tainted } from "./lineage/tainted.ts";
import { verify } from "./lineage/verify.ts";

/** Records come from whoever may push; what they say must not steer a terminal. */
async function plain(result: Promise<CommandResult>): Promise<CommandResult> {
  const { text, ...rest } = await result;
  return text === undefined ? rest : { ...rest, text: text.replace(/[^\P{Cc}\n\t]/gu, "\ufffd") };
}

const actions: readonly Action[] = [
  runs,
  why,
  diff,
  mark,
  marks,
  tainted,
  deploy,
  deployed,
  mayIDelete,
  record,
  importRuns,
  exportAction,
  verify,
].map((action) => ({ ...action, run: (...args) => plain(action.run(...args)) }));

/** How things were made, from what, by whom; and what was made from them. */
export const command: Command = {
  arguments: [{ name: "[what]", description: "a file, <revision>:<path>, <entity>@<version>, an oid, or a run" }],
  options: showOptions,
  actions,
  run: (...args) => plain(show(...args)),
};
