import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

const noteFiles = 97;
const who = "committer B <b@example.invalid> 1700000000 +0000";

/**
 * A repository of many files of the size of pointers, `perFolder` in each folder, and commits that each change one small file beside them, on `main`. Each
 * `revertEvery`th takes the one before it back, so that its file and its folders are what they were already.
 */
export function makeHistory({ cwd, env, files, perFolder, commits, revertEvery = Number.POSITIVE_INFINITY }) {
  const git = (args, input) => {
    const { status, stdout, stderr } = spawnSync("git", args, { cwd, env, input, maxBuffer: 1 << 28 });
    if (status !== 0) throw new Error(`git ${args[0]}: ${stderr}`);
    return stdout.toString().trim();
  };
  // A blob for each file, in one stream: git hash-object would be started a million times.
  const blobs = Array.from({ length: files }, (_, i) => `blob\nmark :${i + 1}\n${data(pointer(i))}`).join("");
  const file = join(cwd, "marks");
  git(["fast-import", "--quiet", `--export-marks=${file}`], blobs);
  const marks = readFileSync(file, "utf8").trim().split("\n");
  rmSync(file);
  const oids = new Map(marks.map((line) => line.slice(1).split(" ")));
  // Trees by mktree: fast-import looks through a folder of 100,000 files from its beginning for each one.
  const folders = [];
  for (let from = 0; from < files; from += perFolder) {
    const names = Array.from({ length: Math.min(perFolder, files - from) }, (_, i) => from + i);
    const lines = names.map((i) => `100644 blob ${oids.get(String(i + 1))}\t${number(i)}\n`);
    folders.push(`040000 tree ${git(["mktree"], lines.join(""))}\t${number(from)}\n`);
  }
  const top = git(["mktree"], `040000 tree ${git(["mktree"], folders.join(""))}\tdata\n`);
  git(["update-ref", "refs/heads/main", git(["commit-tree", top], "all files\n")]);
  const changes = Array.from({ length: commits }, (_, i) => {
    const from = i === 0 ? "from refs/heads/main^0\n" : "";
    const isRevert = i > noteFiles && i % revertEvery === revertEvery - 1;
    const [name, content] = isRevert ? [(i - 1) % noteFiles, i - 1 - noteFiles] : [i % noteFiles, i];
    return `commit refs/heads/main\n${who}\n${data("one\n")}${from}M 100644 inline notes/${name}\n${data(`content ${content}\n`)}`;
  });
  git(["fast-import", "--quiet"], changes.join(""));
}

/** As long as a pointer, and none: a push would look for a million contents. */
function pointer(i) {
  return `version bench/1\noid sha256:${(i * 2654435761).toString(16).padStart(64, "0")}\nsize ${1_000_000 + i}\n`;
}

function data(text) {
  return `data ${text.length}\n${text}\n`;
}

function number(i) {
  return String(i).padStart(7, "0");
}
