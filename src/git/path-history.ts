import { gitIn, type Repository } from "./repository.ts";

export interface HistoryCommit {
  readonly commit: string;
  /** As short as git makes it. */
  readonly short: string;
}

/** The last commits on the first-parent line to a revision that change one of these paths, the oldest first. */
export async function commitsOfPaths(
  repository: Repository,
  revision: string,
  { paths, limit }: { readonly paths: readonly string[]; readonly limit: number },
): Promise<HistoryCommit[]> {
  const places = paths.map((path) => `:(top,literal)${path}`);
  const args = [
    "log",
    "--first-parent",
    "--no-show-signature",
    `-n${limit}`,
    "--format=%H %h",
    revision,
    "--",
    ...places,
  ];
  const { stdout } = await gitIn(repository, args);
  const lines = stdout.toString("utf8").split("\n").filter(Boolean).reverse();
  return lines.map((line) => {
    const [commit = "", short = ""] = line.split(" ");
    return { commit, short };
  });
}
