import { runGit } from "./run.ts";

export interface ThreeFiles {
  readonly base: string;
  /** Becomes the result. */
  readonly ours: string;
  readonly theirs: string;
  /** Of conflict markers: how many signs. */
  readonly markerSize: number;
}

/** git's own merge of three text files. False when it left conflict markers. @throws MlgitError kind `incomplete` with git's words. */
export async function mergeFile(cwd: string, { base, ours, theirs, markerSize }: ThreeFiles): Promise<boolean> {
  const labels = ["ours", "base", "theirs"].flatMap((label) => ["-L", label]);
  const args = ["merge-file", `--marker-size=${markerSize}`, ...labels, "--", ours, base, theirs];
  // git-merge-file(1): the number of conflicts, 127 where there are more.
  const okCodes = Array.from({ length: 128 }, (_, i) => i);
  return (await runGit(args, { cwd, okCodes })).code === 0;
}
