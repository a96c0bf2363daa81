import { stringify } from "yaml";
import type { Kind } from "./kind.ts";
import type { Mutability } from "./mutability.ts";

export interface NewSpec {
  readonly name: string;
  readonly version: number;
  readonly categories: readonly string[];
  readonly mutability: Mutability;
  readonly storage?: string | undefined;
}

/** The text of a new spec, its keys in the order people know. */
export function newSpecText(kind: Kind, spec: NewSpec): string {
  const body = {
    categories: spec.categories,
    ...(spec.storage === undefined ? {} : { manifest: { storage: spec.storage } }),
    mutability: spec.mutability,
    name: spec.name,
    version: spec.version,
  };
  return stringify({ [kind.name]: body }, { lineWidth: 0 });
}
