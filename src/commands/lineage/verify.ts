import type { Action } from "../command.ts";

export const verify: Action = {
  name: "verify",
  summary: "Do a run again in a clean worktree, and compare what comes out; exit code 1 if that differs",
  arguments: [{ name: "<run>", description: "by the first digits of its name" }],
  options: [
    {
      flags: "--recorded-command",
      description:
        "run the command of the record, though mlgit.yaml has no such stage: somebody else may have written it",
    },
  ],
  async run(context, [word = ""], options) {
    const { verifyRun } = await import("./verify-run.ts");
    return verifyRun(context, word, options.recordedCommand === true);
  },
};
