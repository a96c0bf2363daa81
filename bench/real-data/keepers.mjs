// Who keeps the versions: `open` makes a place in an empty folder, and hands back how one more version is kept and what is stored then. `s3`: the place is a bucket.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { run } from "../measure.mjs";
import { folderContent } from "../store.mjs";
import { gitLfs } from "../tool/git-lfs.mjs";
import { mlgit } from "../tool/mlgit.mjs";

const versionOf = (program, ...args) => spawnSync(program, args, { encoding: "utf8" }).stdout?.trim().split("\n")[0];
const commitAndPush = "git commit -q -m version && git push -q origin main";

function withGit(tool) {
  return {
    name: tool.name,
    path: tool.path,
    buckets: tool.useS3 !== undefined,
    version: tool.version(),
    open({ work, repo, env, s3, bulkAdd }) {
      const add = bulkAdd && tool.bulkAdd ? tool.bulkAdd : ["add", "-A"];
      const remote = join(work, "remote.git");
      const git = (...args) => run(["git", ...args], { cwd: repo, env });
      if (tool.install) run(tool.install, { cwd: work, env });
      run(["git", "init", "-q", "--bare", remote], { cwd: work, env });
      git("init", "-q");
      git("remote", "add", "origin", `file://${remote}`);
      for (const command of tool.track) run(command, { cwd: repo, env });
      for (const command of s3 ? tool.useS3(s3.url, s3.endpoint) : []) run(command, { cwd: repo, env });
      git("add", "-A");
      git("commit", "-q", "--allow-empty", "-m", "zero");
      return {
        keep: ["sh", "-c", `git ${add.join(" ")} && ${commitAndPush}`],
        stored: () => tool.stored(remote),
        bringBack(folder) {
          run(["git", "clone", "-q", `file://${remote}`, folder], { cwd: work, env });
        },
      };
    },
  };
}

const restic = {
  name: "restic",
  path: [],
  buckets: true,
  version: versionOf("restic", "version"),
  open({ work, repo, env, s3 }) {
    const place = s3 ? `s3:${s3.endpoint}/${s3.url.replace("s3://", "")}` : join(work, "store");
    Object.assign(env, { RESTIC_PASSWORD: "bench", RESTIC_REPOSITORY: place, RESTIC_CACHE_DIR: join(work, "cache") });
    run(["restic", "init", "-q"], { cwd: repo, env });
    return {
      keep: ["restic", "backup", "-q", "data"],
      stored: () => folderContent(join(work, "store")),
      bringBack: (folder) => run(["restic", "restore", "-q", "latest", "--target", folder], { cwd: repo, env }),
    };
  },
};

const borg = {
  name: "borg",
  path: [],
  buckets: false,
  version: versionOf("borg", "--version"),
  open({ work, repo, env }) {
    Object.assign(env, { BORG_BASE_DIR: join(work, "borg"), BORG_REPO: join(work, "store") });
    run(["borg", "init", "-e", "none"], { cwd: repo, env });
    return {
      keep: ["sh", "-c", "borg create --compression zstd,1 ::v$(date +%s%N) data"],
      stored: () => folderContent(join(work, "store")),
      bringBack(folder) {
        const last = run(["borg", "list", "--short", "--last", "1"], { cwd: repo, env }).stdout.trim();
        run(["mkdir", folder], { cwd: work, env });
        run(["borg", "extract", `::${last}`], { cwd: folder, env });
      },
    };
  },
};

export const keepers = [withGit(mlgit()), restic, borg, withGit(gitLfs())];
