import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onDisk } from "../error/disk-error.ts";
import { MlgitError } from "../error/mlgit-error.ts";
import { uniqueName } from "../util/durable.ts";
import { startGit } from "./process.ts";
import { cwdOf, type Repository } from "./repository.ts";
import { type GitResult, runGit } from "./run.ts";

/** A bare repository that lives as long as one command: what comes from elsewhere is looked at there before anything is taken. */
export interface Scratch {
  readonly folder: string;
  run(args: readonly string[], input?: string, okCodes?: readonly number[]): Promise<GitResult>;
  remove(): void;
}

/** Variables by which git would work on another repository than the scratch one. */
const foreign = [
  "GIT_WORK_TREE",
  "GIT_INDEX_FILE",
  "GIT_OBJECT_DIRECTORY",
  "GIT_ALTERNATE_OBJECT_DIRECTORIES",
  "GIT_COMMON_DIR",
  "GIT_NAMESPACE",
  "GIT_PREFIX",
];

/**
 * Makes one inside `parent`. It uses `owner`'s configuration, so that URLs, credentials and stores mean the same there, and `cache` for what
 * mlgit's own remotes keep.
 */
export async function openScratch(owner: Repository, parent: string, cache: string): Promise<Scratch> {
  const folder = join(parent, `scratch-${uniqueName()}`);
  const env = { ...Object.fromEntries(foreign.map((name) => [name, undefined])), GIT_DIR: folder };
  onDisk("create", folder, () => mkdirSync(folder, { recursive: true }));
  await runGit(["init", "-q", "--bare", `--object-format=${owner.objectFormat}`, "--template=", folder], {
    cwd: parent,
  });
  const lines = [
    "[include]",
    `\tpath = ${quoted(join(owner.commonDir, "config"))}`,
    "[core]",
    "\tbare = true",
    "\thooksPath = /dev/null",
    "[mlgit]",
    `\tcache = ${quoted(cache)}`,
    "",
  ];
  onDisk("write", folder, () => writeFileSync(join(folder, "config"), lines.join("\n"), { flag: "a" }));
  return {
    folder,
    run: (args, input = "", okCodes = [0]) => runGit(args, { cwd: folder, env, input, okCodes }),
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }),
  };
}

function quoted(path: string): string {
  return `"${path.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

/**
 * Copies objects, with all that trees and commits among them lead to, into a repository. No ref names them there yet.
 * @throws MlgitError kind `incomplete` with git's words.
 */
export async function copyObjects(scratch: Scratch, to: Repository, objects: readonly string[]): Promise<void> {
  const env = { ...Object.fromEntries(foreign.map((name) => [name, undefined])), GIT_DIR: scratch.folder };
  const pack = startGit(["pack-objects", "--revs", "--stdout", "-q", "--shallow"], { cwd: scratch.folder, env });
  pack.stdin.end(objects.map((oid) => `${oid}\n`).join(""));
  const index = startGit(["index-pack", "--stdin", "--fix-thin"], { cwd: cwdOf(to), from: pack });
  index.stdout.resume();
  await pack.done;
  await index.done;
}

/** @throws MlgitError kind `unsupported` when the two repositories name objects by different hashes. */
export function assertSameFormat(scratch: Pick<Repository, "objectFormat">, ids: readonly string[]): void {
  const length = scratch.objectFormat === "sha256" ? 64 : 40;
  if (ids.every((id) => id.length === length)) return;
  throw new MlgitError(
    "unsupported",
    "the other repository names its objects by another hash (sha1, sha256) than this one",
    {
      hint: "both have to be of one object format: git rev-parse --show-object-format",
    },
  );
}
