import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { RunResult, Sandbox } from "./sandbox.ts";

/** What a command started, and what it asked of the store. */
export interface Seen {
  readonly result: RunResult;
  /** The argv of every git process. */
  readonly git: readonly string[];
  /** The commands of every program that git started: hooks, filters, git-mlgit. */
  readonly children: readonly string[];
  /** One entry per operation on the store: `save packs/…`, `load mlgit.json`, `list index/`. */
  readonly store: readonly string[];
}

/** Runs a command with git's and mlgit's own traces on. */
export async function spy(
  box: Sandbox,
  run: (env: Readonly<Record<string, string>>) => Promise<RunResult>,
): Promise<Seen> {
  const folder = box.path("trace2");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  const result = await run({ GIT_TRACE2_EVENT: folder, MLGIT_TRACE: "1" });
  const events = readdirSync(folder)
    .flatMap((name) => readFileSync(join(folder, name), "utf8").trim().split("\n"))
    .map((line) => JSON.parse(line) as { event: string; argv?: string[] });
  const of = (event: string) => events.filter((one) => one.event === event).map(({ argv = [] }) => argv.join(" "));
  return { result, git: of("start"), children: of("child_start"), store: storeOperations(result.stderr) };
}

function storeOperations(stderr: string): string[] {
  return [
    ...stderr.matchAll(/(?:store: |"|^)((?:save|load|stat|list|remove) (?:mlgit\.json|packs|index|gc|git)\S*)/gm),
  ].map(([, what = ""]) => what);
}
