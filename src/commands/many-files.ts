import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import type { GitSettings } from "../config/git-settings.ts";
import { isMlgitError, systemCode } from "../error/mlgit-error.ts";
import { gitIn, type Repository } from "../git/repository.ts";
import { ensureSetting } from "./ensure-setting.ts";
import { loadGitSettings } from "./git-settings-in.ts";

/** The smallest that git writes: names that begin alike are stored once. */
const wantedVersion = 4;

export interface ManyFiles {
  /** `feature.manyFiles` was set now. */
  readonly manyFiles: boolean;
  /** Of the index of this worktree; undefined where there is none yet. */
  readonly indexVersion: number | undefined;
  /** What was done, for people. */
  readonly lines: readonly string[];
}

/**
 * Sets what git needs for many files, as far as the user has not decided on it. The setting alone is for an index that is made anew: git keeps the
 * version of one that exists.
 * @throws MlgitError when the configuration cannot be written.
 */
export async function prepareManyFiles(repository: Repository): Promise<ManyFiles> {
  const manyFiles = await ensureSetting(repository, "feature.manyFiles");
  const settings = await loadGitSettings(repository);
  const before = versionOf(repository);
  const isOld = before !== undefined && before >= 2 && before < wantedVersion;
  const rewrite = isOld && settings.bool("feature.manyfiles") === true && settings.get("index.version") === undefined;
  const line = rewrite ? await rewriteIndex(repository, before) : undefined;
  return {
    manyFiles,
    indexVersion: versionOf(repository),
    lines: [
      ...(manyFiles ? [`feature.manyFiles set, for a quick git status with many files: ${effects(settings)}`] : []),
      ...(line === undefined ? [] : [line]),
    ],
  };
}

/** Says what came of it: an editor's git may hold the index just now, and everything else works with an old one, too. */
async function rewriteIndex(repository: Repository, before: number): Promise<string> {
  const args = ["update-index", "--index-version", String(wantedVersion)];
  try {
    await gitIn(repository, args);
    return `the index is rewritten: version ${wantedVersion}, before ${before}`;
  } catch (error) {
    if (!isMlgitError(error) || error.kind !== "incomplete") throw error;
    const [why] = error.message.split("\n");
    return `the index stays version ${before}: ${why}\n  to have version ${wantedVersion}, later: git ${args.join(" ")}`;
  }
}

/** What the setting does here: git takes the user's own settings of its parts before it. */
function effects(settings: GitSettings): string {
  const version = settings.get("index.version");
  const cache = settings.get("core.untrackedcache");
  return [
    version === undefined ? `index version ${wantedVersion}` : `index.version stays ${version}, as you have set it`,
    cache === undefined ? "untracked cache" : `core.untrackedCache stays ${cache}, as you have set it`,
  ].join(", ");
}

function versionOf({ gitDir }: Repository): number | undefined {
  const head = Buffer.alloc(8);
  try {
    const fd = openSync(process.env.GIT_INDEX_FILE || join(gitDir, "index"), "r");
    try {
      readSync(fd, head, 0, head.length, 0);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
  return head.readUInt32BE(4);
}
