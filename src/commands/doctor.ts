import { exitCode } from "../error/exit-code.ts";
import { isMlgitError } from "../error/mlgit-error.ts";
import { counted } from "../util/counted.ts";
import type { Command, Context } from "./command.ts";
import { checkPlaces } from "./doctor/check-places.ts";
import { checkPrograms } from "./doctor/check-programs.ts";
import { checkRepository } from "./doctor/check-repository.ts";
import { type Finding, note } from "./doctor/finding.ts";
import { Session } from "./session.ts";

const marks: Readonly<Record<Finding["state"], string>> = { ok: "ok  ", note: "note", bad: "BAD " };

export const command = {
  async run(context) {
    const findings = [...(await checkPrograms(context.cwd)), ...(await checkHere(context))];
    const wrong = findings.filter(({ state }) => state === "bad").length;
    const lines = findings.flatMap(({ check, state, message, fix }) => [
      `${marks[state]} ${check}: ${message}`,
      ...(fix === undefined ? [] : [`       ${fix}`]),
    ]);
    const last = wrong === 0 ? "nothing is wrong" : `${counted(wrong, "thing is", "things are")} wrong`;
    return {
      text: [...lines, last].join("\n"),
      data: { healthy: wrong === 0, findings },
      exitCode: wrong === 0 ? exitCode.ok : exitCode.incomplete,
    };
  },
} satisfies Command;

async function checkHere(context: Context): Promise<Finding[]> {
  let session: Session;
  try {
    session = await Session.open(context);
  } catch (error) {
    if (!isMlgitError(error) || error.kind !== "setup") throw error;
    return [note("repository", error.message, error.hint)];
  }
  return [...(await checkRepository(session)), ...(await checkPlaces(session, context))];
}
