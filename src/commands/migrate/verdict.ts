import type { BigIntStats } from "node:fs";
import type { SafeTarget } from "../../hydrate/path-guard.ts";

/** What is to become of one worktree file when the tree changes under it. */
export type Verdict =
  /** It has the new content already. */
  | { readonly kind: "keep"; readonly stat: BigIntStats }
  /** `before`: what is there now and may go; undefined for nothing. */
  | { readonly kind: "write"; readonly before: BigIntStats | undefined }
  | { readonly kind: "remove"; readonly target: SafeTarget }
  | { readonly kind: "nothing" }
  /** Something that neither tree knows. */
  | { readonly kind: "obstacle" };
