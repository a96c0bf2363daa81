import type { Command } from "./command.ts";

export interface CommandEntry {
  readonly name: string;
  /** One line for `git mlgit -h` and the man page's NAME section. */
  readonly summary: string;
  /** Under which heading help lists it; `work` if absent. */
  readonly group?: "work" | "setup" | "entity" | "pipeline";
  /** Called by git, not by people; left out of the short help. */
  readonly plumbing?: boolean;
  load(): Promise<{ readonly command: Command }>;
}

/** Every subcommand, in the order help shows them. Each is loaded only when it runs. */
export const commands: readonly CommandEntry[] = [
  {
    name: "completion",
    summary: "Print a completion script for a shell",
    group: "setup",
    load: () => import("./completion.ts"),
  },
  { name: "help", summary: "Print the manual of a command", group: "setup", load: () => import("./help.ts") },
  { name: "version", summary: "Print the version", group: "setup", load: () => import("./version.ts") },
];
