import { categoriesOf } from "./spec.ts";
import { SpecText } from "./spec-text.ts";
import { versionTag } from "./version-tag.ts";

/**
 * The tags of the versions that a spec's text stands for, of whatever kind: which kinds a commit declares need not be known, and an old spec need not
 * follow all of today's rules.
 */
export function statedTags(text: string, name: string): string[] {
  const top = new SpecText(text).value([]);
  return Object.values(top ?? {}).flatMap((body: Readonly<Record<string, unknown>> | null) =>
    body?.name === name && typeof body.version === "number"
      ? versionTag({ categories: categoriesOf(body.categories), name, version: body.version })
      : [],
  );
}
