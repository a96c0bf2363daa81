import { type Kind, kindOf } from "../../entity/kind.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import type { Action, Command } from "../command.ts";
import { addAction } from "./add.ts";
import { checkoutAction } from "./checkout.ts";
import { commitAction } from "./commit.ts";
import { configAction } from "./config.ts";
import { createAction } from "./create.ts";
import { diffAction } from "./diff.ts";
import { exportAction } from "./export.ts";
import { fetchAction } from "./fetch.ts";
import { fsckAction } from "./fsck.ts";
import { getAction } from "./get.ts";
import { importAction } from "./import.ts";
import { listAction } from "./list.ts";
import { logAction } from "./log.ts";
import { metricsAction } from "./metrics.ts";
import { pushAction } from "./push.ts";
import { relationshipsAction } from "./relationships.ts";
import { remoteFsckAction } from "./remote-fsck.ts";
import { renumberAction } from "./renumber.ts";
import { resetAction } from "./reset.ts";
import { branchAction, showAction } from "./show.ts";
import { statusAction } from "./status.ts";
import { tagAction } from "./tag.ts";
import { unlockAction } from "./unlock.ts";
import { initAction, updateAction } from "./update.ts";

const everyKind: readonly ((kind: Kind) => Action)[] = [
  initAction,
  createAction,
  statusAction,
  addAction,
  commitAction,
  renumberAction,
  pushAction,
  checkoutAction,
  fetchAction,
  getAction,
  updateAction,
  listAction,
  tagAction,
  showAction,
  branchAction,
  logAction,
  diffAction,
  metricsAction,
  relationshipsAction,
  configAction,
  unlockAction,
  resetAction,
  fsckAction,
  remoteFsckAction,
  importAction,
  exportAction,
];

/** All commands of one kind of entity: `git mlgit datasets …`. */
export function kindCommand(word: string): Command {
  const kind = kindOf(word);
  if (!kind) throw new MlgitError("internal", `${word} is no kind of entity`);
  const actions = everyKind.map((make) => make(kind));
  return {
    actions,
    async run() {
      throw new MlgitError("usage", `git mlgit ${kind.folder} needs one of its commands`, {
        hint: `${actions.map(({ name }) => name).join(", ")}; more: git mlgit ${kind.folder} -h`,
      });
    },
  };
}
