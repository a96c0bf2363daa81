import type { Command } from "./command.ts";
import { deploy, deployed } from "./lineage/deploy.ts";
import { diff, why } from "./lineage/diff.ts";
import { mark, marks } from "./lineage/mark.ts";
import { mayIDelete } from "./lineage/may-i-delete.ts";
import { importRuns, record } from "./lineage/record.ts";
import { runs } from "./lineage/runs.ts";
import { show, showOptions } from "./lineage/show.ts";
import { tainted } from "./lineage/tainted.ts";

/** How things were made, from what, by whom; and what was made from them. */
export const command: Command = {
  arguments: [{ name: "[what]", description: "a file, <revision>:<path>, <entity>@<version>, an oid, or a run" }],
  options: showOptions,
  actions: [runs, why, diff, mark, marks, tainted, deploy, deployed, mayIDelete, record, importRuns],
  run: show,
};
