import { createHash } from "node:crypto";
import { existsSync, lstatSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { randomBytes, type Sandbox } from "./sandbox.ts";

/** Numbers that are the same for the same seed. */
export function numbers(seed: number): (below: number) => number {
  let state = (seed * 2654435761 + 1) >>> 0;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % below;
  };
}

/** Sizes around what is streamed, deferred, packed and kept whole. */
const sizes = [0, 1, 900, 1023, 1024, 5000, 40_000, 262_144, 262_145, 300_000, 1_048_575, 1_048_576, 1_300_000];
const branches = ["main", "one", "two"];

/** One step: what to write, and the git commands to run. The same for both repositories. */
export interface Step {
  readonly writes: readonly { readonly path: string; readonly bytes: Buffer | undefined }[];
  readonly commands: readonly (readonly string[])[];
}

export function makeSteps(seed: number, count: number): Step[] {
  const next = numbers(seed);
  const file = () => `data/${["a", "b", "sub/c", "sub/d", "e f"][next(5)]}`;
  const write = () => ({
    path: file(),
    bytes: next(8) === 0 ? undefined : randomBytes(next(1000), sizes[next(sizes.length)] ?? 1),
  });
  const writes = (most: number) => Array.from({ length: 1 + next(most) }, write);
  const commit = (n: number): Step => ({
    writes: writes(3),
    commands: [
      ["add", "-A"],
      ["commit", "-qm", `c${n}`],
    ],
  });
  const branch = () => branches[next(branches.length)] ?? "main";
  const kinds: ((n: number) => Step)[] = [
    commit,
    commit,
    commit,
    (n) => ({ writes: writes(2), commands: [["commit", "-qam", `a${n}`]] }),
    () => ({ writes: [], commands: [["switch", "-q", branch()]] }),
    () => ({ writes: [], commands: [["switch", "-q", branch()]] }),
    () => ({ writes: [], commands: [["checkout", "-q", branch(), "--", "data"]] }),
    () => ({
      writes: [],
      commands: [
        ["merge", "-q", "--no-edit", branch()],
        ["merge", "--abort"],
      ],
    }),
    () => ({
      writes: [],
      commands: [
        ["rebase", "-q", branch()],
        ["rebase", "--abort"],
      ],
    }),
    () => ({
      writes: [],
      commands: [
        ["cherry-pick", branch()],
        ["cherry-pick", "--abort"],
      ],
    }),
    () => ({
      writes: [],
      commands: [
        ["revert", "--no-edit", "HEAD"],
        ["revert", "--abort"],
      ],
    }),
    () => ({
      writes: writes(2),
      commands: [
        ["stash", "push", "-q"],
        ["stash", "pop", "-q"],
      ],
    }),
    () => ({
      writes: writes(2),
      commands: [
        ["stash", "push", "-q", "-u"],
        ["switch", "-q", branch()],
        ["stash", "pop", "-q"],
        ["checkout", "-qf", "HEAD"],
        ["clean", "-qfd"],
        ["stash", "clear"],
      ],
    }),
    () => ({ writes: writes(2), commands: [["reset", "-q", "--hard"]] }),
    () => ({ writes: [], commands: [["reset", "-q", "--hard", "HEAD~1"]] }),
    () => ({
      writes: [],
      commands: [
        ["reset", "-q", "HEAD~1"],
        ["add", "-A"],
        ["commit", "-qm", "again"],
      ],
    }),
    () => ({ writes: writes(2), commands: [["restore", "data"]] }),
    () => ({ writes: writes(1), commands: [["commit", "-q", "-a", "--amend", "--no-edit"]] }),
    () => ({
      writes: [],
      commands: [
        ["mv", "data/a", `data/m${next(9)}`],
        ["commit", "-qm", "mv"],
      ],
    }),
    () => ({
      writes: [],
      commands: [
        ["rm", "-q", file()],
        ["commit", "-qm", "rm"],
      ],
    }),
    () => ({ writes: [{ path: file(), bytes: undefined }], commands: [["checkout", "-q", "--", "."]] }),
  ];
  return Array.from({ length: count }, (_, n) => (kinds[next(kinds.length)] ?? commit)(n));
}

/** Every file below a folder with its hash, `.git` left out. */
export function snapshot(root: string, folder = ""): string[] {
  return readdirSync(join(root, folder))
    .filter((name) => !(folder === "" && name === ".git"))
    .flatMap((name) => {
      const path = join(folder, name);
      const stat = lstatSync(join(root, path));
      if (stat.isDirectory()) return snapshot(root, path);
      const mode = (stat.mode & 0o100) === 0 ? "-" : "x";
      return [
        `${path} ${mode} ${createHash("sha256")
          .update(readFileSync(join(root, path)))
          .digest("hex")
          .slice(0, 16)}`,
      ];
    })
    .sort();
}

/** Applies one step; returns what a user sees of each command. */
export async function applyStep(sandbox: Sandbox, repository: string, step: Step): Promise<string[]> {
  for (const { path, bytes } of step.writes) {
    if (bytes) sandbox.write(join(repository, path), bytes);
    else if (existsSync(sandbox.path(repository, path))) rmSync(sandbox.path(repository, path));
  }
  const seen: string[] = [];
  for (const command of step.commands) {
    const { code } = await sandbox.git(command, { cwd: sandbox.path(repository), code: "any" });
    seen.push(`${command.join(" ")} → ${code}`);
  }
  return seen;
}
