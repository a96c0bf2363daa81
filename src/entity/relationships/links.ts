import type { VersionLink } from "./graph.ts";

/** Every link in the body of a spec, whatever kind it names: a key whose value holds a tag and a sha. */
export function linksIn(body: unknown): VersionLink[] {
  if (typeof body !== "object" || body === null) return [];
  return Object.entries(body).flatMap(([kind, value]) => {
    const { tag, sha } = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
    return typeof tag === "string" && typeof sha === "string" && tag !== "" ? [{ kind, tag, sha }] : [];
  });
}
