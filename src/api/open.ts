import { resolve } from "node:path";
import { type OpenOptions, type Place, repositoryOf } from "./call.ts";
import { Project } from "./project.ts";

/**
 * Opens the git repository that a folder is in. Nothing stays open: each call does its work and lets go, and sees what other programs did
 * meanwhile.
 * @param folder relative paths of later calls are relative to it, as on the command line. Default: the process's.
 * @throws MlgitError kind `setup` outside of a repository.
 */
export async function open(folder = ".", options: OpenOptions = {}): Promise<Project> {
  const cwd = resolve(folder);
  const place: Place = { ...options, cwd, kinds: { declared: [] } };
  const repository = await repositoryOf(place);
  return new Project(place, repository);
}
