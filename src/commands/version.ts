import { version } from "../util/version.ts";
import type { Command } from "./command.ts";

export const command: Command = {
  async run() {
    return { text: `mlgit version ${version}`, data: { version, node: process.version } };
  },
};
