import type { Command } from "./command.ts";
import { plumbing } from "./plumbing.ts";

export interface CommandEntry {
  readonly name: string;
  /** Other words for it, such as the singular. */
  readonly aliases?: readonly string[];
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
  { name: "add", summary: "Add large trees fast", load: () => import("./add.ts") },
  { name: "status", summary: "Show what is changed, hydrated, pushed", load: () => import("./status.ts") },
  { name: "ls-files", summary: "List tracked files", load: () => import("./ls-files.ts") },
  { name: "fetch", summary: "Bring data into the cache", load: () => import("./fetch.ts") },
  { name: "pull", summary: "Fetch and hydrate what is checked out", load: () => import("./pull.ts") },
  { name: "push", summary: "Upload data without moving refs", load: () => import("./push.ts") },
  { name: "publish", summary: "Write data as a folder for any web server", load: () => import("./publish.ts") },
  { name: "hydrate", summary: "Put the bytes of files in place of their pointers", load: () => import("./hydrate.ts") },
  { name: "dehydrate", summary: "Put pointers in place of unmodified files", load: () => import("./dehydrate.ts") },
  { name: "init", summary: "Set mlgit up in this repository", group: "setup", load: () => import("./init.ts") },
  {
    name: "install",
    summary: "Make git know the filter, for this user or this repository",
    group: "setup",
    load: () => import("./install.ts"),
  },
  {
    name: "uninstall",
    summary: "Take back what install and init did",
    group: "setup",
    load: () => import("./uninstall.ts"),
  },
  {
    name: "doctor",
    summary: "Find out what is wrong with a set-up, and how to mend it",
    group: "setup",
    load: () => import("./doctor.ts"),
  },
  { name: "env", summary: "Print the configuration in effect", group: "setup", load: () => import("./env.ts") },
  {
    name: "store",
    summary: "Name, list, try and trust the places where data goes",
    group: "setup",
    load: () => import("./store.ts"),
  },
  {
    name: "track",
    summary: "Keep files of a pattern or above a size outside of git",
    group: "work",
    load: () => import("./track.ts"),
  },
  {
    name: "untrack",
    summary: "Keep files of a pattern in git itself again",
    group: "work",
    load: () => import("./untrack.ts"),
  },
  {
    name: "migrate",
    summary: "Bring files and versions over from git-lfs, DVC or ml-git",
    group: "setup",
    load: () => import("./migrate.ts"),
  },
  { name: "prune", summary: "Drop cached copies that the store has", load: () => import("./prune.ts") },
  { name: "gc", summary: "Remove from a store what no ref needs", load: () => import("./gc.ts") },
  { name: "du", summary: "Show what takes how much room", load: () => import("./du.ts") },
  { name: "fsck", summary: "Check that every byte is right and to be had", load: () => import("./fsck.ts") },
  {
    name: "remote",
    summary: "Look after a git repository in a store",
    group: "setup",
    load: () => import("./remote.ts"),
  },
  {
    name: "completion",
    summary: "Print a completion script for a shell",
    group: "setup",
    load: () => import("./completion.ts"),
  },
  { name: "help", summary: "Print the manual of a command", group: "setup", load: () => import("./help.ts") },
  {
    name: "repository",
    summary: "Set a project up: init, config, remote, storage, update, gc, graph",
    group: "entity",
    load: () => import("./repository.ts"),
  },
  { name: "clone", summary: "Clone a project and set the clone up", group: "setup", load: () => import("./clone.ts") },
  {
    name: "datasets",
    aliases: ["dataset"],
    summary: "Datasets: create, add, commit, push, checkout …",
    group: "entity",
    load: () => import("./datasets.ts"),
  },
  {
    name: "labels",
    aliases: ["label"],
    summary: "Labels: the same, linked to a dataset",
    group: "entity",
    load: () => import("./labels.ts"),
  },
  {
    name: "models",
    aliases: ["model"],
    summary: "Models: the same, with metrics and links",
    group: "entity",
    load: () => import("./models.ts"),
  },
  {
    name: "import",
    summary: "Bring an entity of another repository in",
    group: "entity",
    load: () => import("./import.ts"),
  },
  { name: "register", summary: "Commit files as a version", group: "entity", load: () => import("./register.ts") },
  {
    name: "promote",
    summary: "Make a branch that brings a version elsewhere",
    group: "entity",
    load: () => import("./promote.ts"),
  },
  {
    name: "update-import",
    summary: "Move an imported entity on to a newer version",
    group: "entity",
    load: () => import("./update-import.ts"),
  },
  {
    name: "run",
    summary: "Run a command as a stage: keep its outputs, record the run",
    group: "pipeline",
    load: () => import("./run.ts"),
  },
  {
    name: "repro",
    summary: "Run the stages that are out of date",
    group: "pipeline",
    load: () => import("./repro.ts"),
  },
  { name: "dag", summary: "Draw which stage needs which", group: "pipeline", load: () => import("./dag.ts") },
  { name: "params", summary: "Show and compare parameters", group: "pipeline", load: () => import("./params.ts") },
  { name: "metrics", summary: "Show and compare metrics", group: "pipeline", load: () => import("./metrics.ts") },
  {
    name: "plots",
    summary: "Draw metrics over versions as a page or a picture",
    group: "pipeline",
    load: () => import("./plots.ts"),
  },
  {
    name: "exp",
    summary: "Try other parameters, each on no branch",
    group: "pipeline",
    load: () => import("./exp.ts"),
  },
  {
    name: "lineage",
    summary: "How was this made, and what was made from it?",
    group: "pipeline",
    load: () => import("./lineage.ts"),
  },
  {
    name: "unlock",
    summary: "Let published files of a flexible entity be changed",
    group: "entity",
    load: () => import("./unlock.ts"),
  },
  { name: "lock", summary: "Take an unlock back", group: "entity", load: () => import("./lock.ts") },
  {
    name: "verify",
    summary: "Check commits against the rules of their entities",
    group: "entity",
    load: () => import("./verify.ts"),
  },
  ...plumbing,
  { name: "version", summary: "Print the version", group: "setup", load: () => import("./version.ts") },
];
