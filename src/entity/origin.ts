import type { Kind } from "./kind.ts";
import type { SpecEdit } from "./spec-edit.ts";
import { SpecText } from "./spec-text.ts";

/** Where an imported entity came from: the key `origin` of its spec. Format: docs/format/entity-spec.md. */
export interface Origin {
  /** Of a git repository, without credentials. */
  readonly url: string;
  /** The version's tag there. */
  readonly tag: string;
  /** The commit that the tag names. */
  readonly commit: string;
}

const keys = ["url", "tag", "commit"] as const;

/** What a spec says of its origin; undefined for an entity that is at home here, and for a spec that cannot be read. */
export function readOrigin(text: string, kind: Pick<Kind, "name">): Origin | undefined {
  const value = new SpecText(text).value([kind.name, "origin"]);
  if (typeof value !== "object" || value === null) return undefined;
  const [url, tag, commit] = keys.map((key) => (value as Record<string, unknown>)[key]);
  if (typeof url !== "string" || typeof tag !== "string" || typeof commit !== "string") return undefined;
  return { url, tag, commit };
}

/** What has to be changed in a spec so that it names its origin. */
export function originEdits(kind: Pick<Kind, "name">, origin: Origin): SpecEdit[] {
  return keys.map((key) => ({ keys: [kind.name, "origin", key], value: origin[key] }));
}
