import { isMlgitError } from "../../error/mlgit-error.ts";
import { filterConfig } from "../../git/filter-config.ts";
import { gitText, runGit } from "../../git/run.ts";
import { version } from "../../util/version.ts";
import { bad, type Finding, note, ok } from "./finding.ts";

/** git, Node and the program that git's filter starts. Needs no repository. */
export async function checkPrograms(cwd: string): Promise<Finding[]> {
  return [await checkGit(cwd), checkNode(), await checkOurselves(cwd), await checkFilter(cwd)];
}

async function checkGit(cwd: string): Promise<Finding> {
  const text = (await gitText(["version"], { cwd })) ?? "";
  const [, major = "0", minor = "0"] = /(\d+)\.(\d+)/.exec(text) ?? [];
  const isEnough = Number(major) > 2 || (Number(major) === 2 && Number(minor) >= 39);
  return isEnough ? ok("git", text) : bad("git", `${text} is too old`, "install git 2.39 or newer");
}

function checkNode(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const isEnough = major > 20 || (major === 20 && minor >= 15);
  const text = `Node ${process.versions.node}`;
  return isEnough ? ok("node", text) : bad("node", `${text} is too old`, "install Node 20.15 or newer");
}

/** git looks for `git-mlgit` where its own shell does, which may not be where this process came from. */
async function checkOurselves(cwd: string): Promise<Finding> {
  try {
    const { stdout } = await runGit(["mlgit", "version"], { cwd });
    const found = stdout.toString("utf8").trim().replace("mlgit version ", "");
    if (found === version) return ok("program", `git finds git-mlgit ${found}`);
    return note(
      "program",
      `git finds git-mlgit ${found}, and this is ${version}`,
      "put the one you want first on PATH",
    );
  } catch (error) {
    if (!isMlgitError(error)) throw error;
    return bad("program", "git does not find git-mlgit", "put the folder that holds git-mlgit on PATH");
  }
}

function whyOf(key: string): string {
  if (key.startsWith("merge.")) return ", so versions made on two branches conflict";
  return key.startsWith("diff.") ? ", so git diff shows pointers" : ", so raw bytes would be committed";
}

async function checkFilter(cwd: string): Promise<Finding> {
  const scopes = new Set<string>();
  for (const [key, wanted] of Object.entries(filterConfig)) {
    const [scope = "", value] = (await gitText(["config", "--show-scope", "--get", key], { cwd }))?.split("\t") ?? [];
    if (value === undefined) return bad("filter", `git does not know ${key}${whyOf(key)}`, "git mlgit init");
    if (value !== wanted)
      return bad("filter", `${key} is ${JSON.stringify(value)} (${scope})`, `git mlgit install --${scope} --force`);
    scopes.add(scope);
  }
  return ok("filter", `set in git's ${[...scopes].join(" and ")} configuration`);
}
