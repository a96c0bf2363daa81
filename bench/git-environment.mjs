import { mkdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "./measure.mjs";

const bin = fileURLToPath(new URL("../bin", import.meta.url));

/**
 * Environment for git with this tree's mlgit, installed, and nothing of whoever measures: `home`, a folder that is made, takes what is configured.
 * @param {Record<string, string>} config more of git's settings
 */
export function gitEnvironment(home, config = {}) {
  mkdirSync(home);
  const settings = {
    "user.name": "Bench",
    "user.email": "bench@example.invalid",
    "init.defaultBranch": "main",
    "gc.auto": "0",
    "protocol.file.allow": "always",
    ...config,
  };
  const entries = Object.entries(settings).flatMap(([key, value], n) => [
    [`GIT_CONFIG_KEY_${n}`, key],
    [`GIT_CONFIG_VALUE_${n}`, value],
  ]);
  const made = {
    ...process.env,
    ...Object.fromEntries(entries),
    HOME: home,
    XDG_CONFIG_HOME: join(home, ".config"),
    GIT_CONFIG_GLOBAL: join(home, ".gitconfig"),
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_COUNT: String(entries.length / 2),
    PATH: [bin, process.env.PATH].join(delimiter),
  };
  run(["git", "mlgit", "install", "--global"], { cwd: home, env: made });
  return made;
}
