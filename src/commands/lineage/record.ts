import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { MlgitError } from "../../error/mlgit-error.ts";
import { codeState, gitActor } from "../../git/code-state.ts";
import { type RecordEntry, recordId } from "../../lineage/record.ts";
import { Artifacts } from "../../pipeline/artifacts.ts";
import { collectText } from "../../util/collect-text.ts";
import type { Action, Context } from "../command.ts";
import { needWorktree } from "../kind/need-worktree.ts";
import { Session } from "../session.ts";
import { knownContents } from "./find-artifacts.ts";
import { writeRecords } from "./write-records.ts";

export const record = {
  name: "record",
  summary: "Record a run that something else made",
  arguments: [{ name: "[file]", description: "JSON of one run; `-` (the default) reads stdin" }],
  async run(context, [file = "-"]) {
    return recordAll([{ text: await readInput(file, context), where: nameOf(file) }], context);
  },
} satisfies Action;

export const importRuns = {
  name: "import",
  summary: "Record many runs: one JSON text a line",
  arguments: [{ name: "[file]", description: "NDJSON; `-` (the default) reads stdin" }],
  async run(context, [file = "-"]) {
    const lines = (await readInput(file, context)).split("\n");
    const texts = lines.map((text, i) => ({ text, where: `${nameOf(file)}:${i + 1}` }));
    return recordAll(
      texts.filter(({ text }) => text.trim() !== ""),
      context,
    );
  },
} satisfies Action;

/** All or nothing: one that makes no sense keeps all from being recorded. */
async function recordAll(texts: readonly { readonly text: string; readonly where: string }[], context: Context) {
  const [{ toEntry }, session, code] = await Promise.all([
    import("../../pipeline/external-run.ts"),
    Session.open(context),
    context.repository().then((repository) => codeState(needWorktree(repository))),
  ]);
  const repository = session.workTree;
  const actor = await gitActor(repository, session.git);
  const artifacts = new Artifacts(repository.workTree, knownContents(repository));
  const entries: RecordEntry[] = texts.map((one) => toEntry(one, { code, actor, artifacts }));
  await writeRecords(entries, context, session);
  const ids = entries.map((entry) => recordId(entry.record));
  return { text: ids.map((id) => `run ${id}`).join("\n"), data: ids.map((id) => ({ id })) };
}

function nameOf(file: string): string {
  return file === "-" ? "stdin" : file;
}

async function readInput(file: string, context: Context): Promise<string> {
  try {
    // A stream of a file takes as long to be made as git does for its part.
    return file === "-" ? await collectText(context.input) : readFileSync(resolve(context.cwd, file), "utf8");
  } catch (cause) {
    throw new MlgitError("usage", `${file} cannot be read`, { path: file, hint: "name a file, or - for stdin", cause });
  }
}
