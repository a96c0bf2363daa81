import { gitIn, type Repository } from "./repository.ts";

async function answer(repository: Repository, args: readonly string[]): Promise<string | undefined> {
  const { code, stdout } = await gitIn(repository, args, { okCodes: [0, 1, 2, 128] });
  return code === 0 ? stdout.toString("utf8").trimEnd() : undefined;
}

/** Names of the configured remotes. */
export async function listRemotes(repository: Repository): Promise<string[]> {
  return ((await answer(repository, ["remote"])) ?? "").split("\n").filter((name) => name !== "");
}

/** The remote a command means when none is named: the current branch's, else `origin`, else the only one. */
export async function defaultRemote(repository: Repository): Promise<string | undefined> {
  const branch = await answer(repository, ["symbolic-ref", "-q", "--short", "HEAD"]);
  const configured = branch && (await answer(repository, ["config", "--get", `branch.${branch}.remote`]));
  if (configured && configured !== ".") return configured;
  const remotes = await listRemotes(repository);
  return remotes.includes("origin") || remotes.length !== 1 ? remotes.find((name) => name === "origin") : remotes[0];
}

/** The URL git would use, after `insteadOf` and `pushurl`. A name that is no remote is taken for a URL, as git does. */
export async function remoteUrl(repository: Repository, remote: string, push: boolean): Promise<string> {
  return (await answer(repository, ["remote", "get-url", ...(push ? ["--push"] : []), "--", remote])) ?? remote;
}
