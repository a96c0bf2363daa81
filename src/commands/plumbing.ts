import type { CommandEntry } from "./command.ts";

/** What git calls: filters and hooks. */
export const plumbing: readonly CommandEntry[] = [
  {
    name: "filter-process",
    summary: "git's long-running clean and smudge filter",
    plumbing: true,
    load: () => import("./filter-process.ts"),
  },
  { name: "clean", summary: "Turn content into its pointer", plumbing: true, load: () => import("./clean.ts") },
  { name: "smudge", summary: "Turn a pointer into its content", plumbing: true, load: () => import("./smudge.ts") },
  {
    name: "textconv",
    summary: "Describe a tracked file for git diff",
    plumbing: true,
    load: () => import("./textconv.ts"),
  },
  {
    name: "merge-spec",
    summary: "git's merge driver for specs of entities",
    plumbing: true,
    load: () => import("./merge-spec.ts"),
  },
  {
    name: "pre-push",
    summary: "git's hook: data goes before refs",
    plumbing: true,
    load: () => import("./pre-push.ts"),
  },
  {
    name: "pre-receive",
    summary: "git's hook on a server: the rules of entities",
    plumbing: true,
    load: () => import("./pre-receive.ts"),
  },
  {
    name: "pre-commit",
    summary: "git's hook: no raw bytes, rules of entities",
    plumbing: true,
    load: () => import("./pre-commit.ts"),
  },
  {
    name: "post-checkout",
    summary: "git's hook: hydrate what is deferred",
    plumbing: true,
    load: () => import("./post-checkout.ts"),
  },
  {
    name: "post-merge",
    summary: "git's hook: hydrate what is deferred",
    plumbing: true,
    load: () => import("./post-merge.ts"),
  },
  {
    name: "post-rewrite",
    summary: "git's hook: versions follow their commits, hydrate",
    plumbing: true,
    load: () => import("./post-rewrite.ts"),
  },
  {
    name: "post-commit",
    summary: "git's hook: tag versions, hydrate",
    plumbing: true,
    load: () => import("./post-commit.ts"),
  },
  {
    name: "post-index-change",
    summary: "git's hook: hydrate what is deferred",
    plumbing: true,
    load: () => import("./post-index-change.ts"),
  },
];
