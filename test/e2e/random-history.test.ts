import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { applyStep, makeSteps, snapshot } from "../helper/random-history.ts";
import { createSandbox, type Sandbox } from "../helper/sandbox.ts";

/** `MLGIT_HISTORIES=50 npm test -- random-history` plays more of them; each is named by its seed. */
const histories = Number(process.env.MLGIT_HISTORIES ?? 2);
const first = Number(process.env.MLGIT_HISTORY_SEED ?? 1);
const length = Number(process.env.MLGIT_HISTORY_LENGTH ?? 25);

describe("a random history", () => {
  let sandbox: Sandbox;

  beforeEach(async () => {
    sandbox = createSandbox();
    await sandbox.mlgit(["install", "--global"]);
  });

  afterEach(() => sandbox.remove());

  it.each(Array.from({ length: histories }, (_, i) => first + i))(
    "of git commands with seed %i looks like with plain git after each step",
    async (seed) => {
      for (const name of ["ours", "plain"]) {
        const cwd = await sandbox.init(name);
        const attributes = name === "ours" ? "filter=mlgit -merge -text" : "-merge -text";
        sandbox.write(`${name}/.gitattributes`, `data/** ${attributes}\n`);
        await sandbox.git(["add", "-A"], { cwd });
        await sandbox.git(["commit", "-qm", "first"], { cwd });
        for (const branch of ["one", "two"]) await sandbox.git(["branch", branch], { cwd });
      }
      for (const [number, step] of makeSteps(seed, length).entries()) {
        const where = `step ${number}: ${step.commands.map((one) => one.join(" ")).join("; ")}`;
        const [ours, plain] = [await applyStep(sandbox, "ours", step), await applyStep(sandbox, "plain", step)];
        expect([where, ...ours]).toEqual([where, ...plain]);
        expect([where, ...(await visible(sandbox, "ours"))]).toEqual([where, ...(await visible(sandbox, "plain"))]);
      }
    },
    600_000,
  );
});

async function visible(sandbox: Sandbox, name: string): Promise<string[]> {
  const cwd = sandbox.path(name);
  const status = await sandbox.git(["status", "--porcelain"], { cwd });
  return [status.stdout, ...snapshot(cwd).filter((line) => !line.startsWith(".gitattributes"))];
}
