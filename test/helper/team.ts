import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createSandbox, type RunOptions, type RunResult, type Sandbox } from "./sandbox.ts";
import { fillFrom } from "./template.ts";

/** A clone of a team's project: everything runs in its top folder unless `cwd` says otherwise. */
export interface Clone {
  /** Absolute path of the worktree. */
  readonly top: string;
  git(args: readonly string[], options?: RunOptions): Promise<RunResult>;
  mlgit(args: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** Writes below the worktree, folders included. */
  write(path: string, bytes: string | Uint8Array): void;
  read(path: string): Buffer;
  /** Adds everything and commits it; returns the commit's id. */
  commit(message?: string): Promise<string>;
  /** `git status --porcelain`. */
  status(): Promise<string>;
}

/** A sandbox whose user has the filter set up, with a bare repository to push to. */
export interface Team {
  readonly box: Sandbox;
  /** Absolute path of the bare repository; its store is the folder `mlgit` in it. */
  readonly remote: string;
  /** Clones the bare repository to `name`. */
  clone(name: string, options?: RunOptions & { readonly args?: readonly string[] }): Promise<Clone>;
  /** An existing repository as a Clone. */
  at(top: string): Clone;
}

/** Where a team's first project waits until it is asked for. */
const prepared = "project";

/** Sets up a user and a bare repository; `args` go to its `git init`. */
export async function createTeam(args: readonly string[] = []): Promise<Team> {
  const box = createSandbox();
  await fillFrom(["team", ...args].join(""), box, async (made) => {
    await made.mlgit(["install"]);
    await made.git(["init", "-q", "--bare", ...args, made.path("remote.git")]);
    await makeProject(teamIn(made), join("home", prepared));
  });
  return teamIn(box);
}

function teamIn(box: Sandbox): Team {
  const remote = box.path("remote.git");
  const at = (top: string) => cloneAt(box, top);
  return {
    box,
    remote,
    at,
    async clone(name, { args: extra = [], ...options } = {}) {
      await box.git(["clone", "-q", ...extra, remote, box.path(name)], options);
      return at(box.path(name));
    },
  };
}

/** A clone whose `*.bin` and `data/**` are tracked, with that committed. */
export async function createProject(team: Team, name = "work"): Promise<Clone> {
  const waiting = join(team.box.home, prepared);
  if (!existsSync(waiting)) return makeProject(team, name);
  renameSync(waiting, team.box.path(name));
  return team.at(team.box.path(name));
}

async function makeProject(team: Team, name: string): Promise<Clone> {
  const clone = await team.clone(name);
  await clone.git(["symbolic-ref", "HEAD", "refs/heads/main"]);
  clone.write(".gitattributes", "*.bin filter=mlgit diff=mlgit -text\ndata/** filter=mlgit diff=mlgit -text\n");
  await clone.commit("attributes");
  return clone;
}

/** An existing repository as a Clone. */
export function cloneAt(box: Sandbox, top: string): Clone {
  const git: Clone["git"] = (args, options) => box.git(args, { cwd: top, ...options });
  return {
    top,
    git,
    mlgit: (args, options) => box.mlgit(args, { cwd: top, ...options }),
    write(path, bytes) {
      mkdirSync(join(top, path, ".."), { recursive: true });
      writeFileSync(join(top, path), bytes);
    },
    read: (path) => box.read(join(top.slice(box.root.length + 1), path)),
    async commit(message = "change") {
      await git(["add", "-A"]);
      await git(["commit", "-qm", message]);
      return (await git(["rev-parse", "HEAD"])).stdout.trim();
    },
    status: async () => (await git(["status", "--porcelain"])).stdout,
  };
}
