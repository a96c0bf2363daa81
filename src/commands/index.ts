import type { Command } from "./command.ts";

export interface CommandEntry {
  readonly name: string;
  /** One line for `git mlgit -h` and the man page's NAME section. */
  readonly summary: string;
  /** Called by git, not by people; left out of the short help. */
  readonly plumbing?: boolean;
  load(): Promise<{ readonly command: Command }>;
}

/** Every subcommand, in the order help shows them. Each is loaded only when it runs. */
export const commands: readonly CommandEntry[] = [
  { name: "version", summary: "Print the version", load: () => import("./version.ts") },
];
