import { cwdOf, gitIn, type Repository } from "./repository.ts";
import { gitText } from "./run.ts";

export interface Remote {
  /** Undefined for a URL or path that no remote has. */
  readonly name: string | undefined;
  /** With `url.<base>.insteadOf` applied. */
  readonly fetchUrl: string;
  /** With `pushurl` and `pushInsteadOf` applied as well. */
  readonly pushUrl: string;
}

/** What this file needs of git's configuration. */
export interface ConfigReader {
  get(key: string): string | undefined;
  /** The subsections of a section that have the variable. */
  names(section: string, variable: string): readonly string[];
}

/** A remote's name or a URL, as on git's own command lines. */
export async function resolveRemote(repository: Repository, config: ConfigReader, wanted: string): Promise<Remote> {
  if (config.names("remote", "url").includes(wanted)) {
    const [fetchUrl, pushUrl] = await Promise.all([
      urlOf(repository, ["remote", "get-url", "--", wanted]),
      urlOf(repository, ["remote", "get-url", "--push", "--", wanted]),
    ]);
    return { name: wanted, fetchUrl, pushUrl };
  }
  // Prints the rewritten URL and contacts nobody.
  const url = await urlOf(repository, ["ls-remote", "--get-url", "--", wanted]);
  return { name: undefined, fetchUrl: url, pushUrl: url };
}

export interface RemoteUrls {
  readonly fetchUrl: string;
  /** A push goes to each of them. */
  readonly pushUrls: readonly string[];
}

/** The same with every URL that a push goes to: a remote may have several, and one place to fetch from. */
export async function remoteUrls(repository: Repository, config: ConfigReader, wanted: string): Promise<RemoteUrls> {
  const { name, fetchUrl, pushUrl } = await resolveRemote(repository, config, wanted);
  if (name === undefined) return { fetchUrl, pushUrls: [pushUrl] };
  const { stdout } = await gitIn(repository, ["remote", "get-url", "--push", "--all", "--", name]);
  return {
    fetchUrl,
    pushUrls: stdout
      .toString("utf8")
      .split("\n")
      .filter((url) => url !== ""),
  };
}

/** The remote that git would take when none is named; undefined when there is none, or none stands out. */
export async function defaultRemote(
  repository: Repository,
  config: ConfigReader,
  direction: "fetch" | "push",
): Promise<string | undefined> {
  const branch = await gitText(["symbolic-ref", "-q", "--short", "HEAD"], { cwd: cwdOf(repository) });
  const keys = [
    ...(direction === "push" ? [`branch.${branch}.pushremote`, "remote.pushdefault"] : []),
    `branch.${branch}.remote`,
  ];
  const configured = keys.map((key) => config.get(key)).find((name) => name !== undefined && name !== ".");
  if (configured !== undefined) return configured;
  const names = config.names("remote", "url");
  return names.includes("origin") ? "origin" : names.length === 1 ? names[0] : undefined;
}

async function urlOf(repository: Repository, args: readonly string[]): Promise<string> {
  return (await gitIn(repository, args)).stdout.toString("utf8").split("\n", 1)[0] ?? "";
}
