import { join } from "node:path";
import { onDisk } from "../error/disk-error.ts";
import { MlgitError } from "../error/mlgit-error.ts";
import { addPaths } from "../git/stage.ts";
import { pipelineFile } from "../pipeline/stage.ts";
import { writeDurable } from "../util/durable.ts";
import type { Command } from "./command.ts";
import { parseGraph, readSmallFile } from "./pipeline/open-pipeline.ts";
import { reproResult, reproStages } from "./pipeline/repro-stages.ts";
import { stageFromOptions } from "./pipeline/stage-from-options.ts";
import { Session } from "./session.ts";

/** Runs a command once as a stage: when it went well, mlgit.yaml has the stage, its outputs are tracked, and the run is recorded. */
export const command = {
  arguments: [
    { name: "[command...]", description: "after --: a program and its arguments, or one line for the shell" },
  ],
  options: [
    { flags: "-n, --name <name>", description: "of the stage; default: after the program or script" },
    { flags: "-d, --dep <path>", description: "a file or folder it reads", repeat: true },
    { flags: "-o, --out <path>", description: "a file or folder it makes: tracked and kept", repeat: true },
    { flags: "-O, --out-not-kept <path>", description: "one that it makes and that is kept nowhere", repeat: true },
    { flags: "-p, --params <names>", description: "<file>:<name>,<name>…; without file: params.yaml", repeat: true },
    {
      flags: "-m, --metrics <path>",
      description: "a small file of numbers it makes; git keeps it as it is",
      repeat: true,
    },
    { flags: "--env <path>", description: "a file that describes the environment, such as a lock file", repeat: true },
    {
      flags: "--probe <name>",
      description: "note what it was made with: pip, conda, npm, …, or <name>=<command>",
      repeat: true,
    },
    { flags: "--kind <word>", description: "train, evaluate, … for lineage; default: run" },
    { flags: "--always", description: "repro runs it even if nothing has changed" },
  ],
  async run(context, words, options) {
    const session = await Session.open(context);
    try {
      const { workTree, prefix } = session.workTree;
      const text = readSmallFile(workTree, pipelineFile) ?? "";
      const stage = stageFromOptions(words, options, prefix);
      const { withStage } = await import("../pipeline/edit-pipeline.ts");
      const known = (await parseGraph(text)).stages.get(stage.name);
      if (known && options.name === undefined && JSON.stringify(known.cmd) !== JSON.stringify(stage.cmd))
        throw new MlgitError("usage", `there is a stage ${stage.name} with another command`, {
          hint: "name this one: -n <name>",
        });
      const edited = await withStage(text, stage);
      const graph = await parseGraph(edited);
      const wish = { jobs: 1, keepGoing: false, dryRun: false, force: true, pull: false, explain: false };
      const reports = await reproStages(session, context, { ...wish, graph, names: [stage.name] });
      const result = reproResult(reports, context, false);
      if ((result.exitCode ?? 0) === 0) {
        // Somebody may have edited it while the command ran.
        const latest = readSmallFile(workTree, pipelineFile) ?? "";
        const path = join(workTree, pipelineFile);
        const final = latest === text ? edited : await withStage(latest, stage);
        if (final !== latest) onDisk("write", path, () => writeDurable(path, final));
        await addPaths(session.repository, [Buffer.from(pipelineFile)]);
      }
      return result;
    } finally {
      await session.close();
    }
  },
} satisfies Command;
