import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { Sandbox } from "./sandbox.ts";

/**
 * Runs `git mlgit …` and kills it (kill -9) right after a git that it starts has done its work: the first one with `word` among its arguments.
 * @throws when it was never killed.
 */
export async function runAndKill(
  box: Sandbox,
  word: string,
  { args, cwd }: { readonly args: readonly string[]; readonly cwd: string },
): Promise<void> {
  const real = execFileSync("sh", ["-c", "command -v git"], { encoding: "utf8" }).trim();
  const folder = box.path(`kill-${word.replaceAll(" ", "-")}`);
  mkdirSync(folder, { recursive: true });
  const kill = `case " $* " in *" ${word} "*) "${real}" "$@"; kill -9 $PPID; exit 1;; esac`;
  writeFileSync(join(folder, "git"), ["#!/bin/sh", kill, `exec "${real}" "$@"`, ""].join("\n"), { mode: 0o755 });
  // Not by `git mlgit`, which puts git's own folder in front of PATH.
  const env = { PATH: [folder, box.env.PATH].join(delimiter) };
  await box.run("git-mlgit", args, { cwd, env, code: 128 });
}
