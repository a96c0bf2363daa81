import { MlgitError } from "../error/mlgit-error.ts";
import type { Command } from "./command.ts";
import { config } from "./repository/config.ts";
import { gc } from "./repository/gc.ts";
import { graph } from "./repository/graph.ts";
import { init } from "./repository/init.ts";
import { remote } from "./repository/remote.ts";
import { storage } from "./repository/storage.ts";
import { update } from "./repository/update.ts";

/** The project as ml-git's users know it: what it is set up with, in the words of its tutorial. */
export const command: Command = {
  actions: [init, config, remote, storage, update, gc, graph],
  async run() {
    throw new MlgitError("usage", "git mlgit repository needs one of its commands", {
      hint: "init, config, remote, storage, update, gc, graph; more: git mlgit repository -h",
    });
  },
};
