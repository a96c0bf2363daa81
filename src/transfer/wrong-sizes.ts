import { MlgitError } from "../error/mlgit-error.ts";
import { counted } from "../util/counted.ts";
import type { ContentMap, WantedContent } from "./content-map.ts";

/** A pointer that states another size than its content has. */
export interface WrongSize extends WantedContent {
  /** Bytes of the content. */
  readonly actual: number;
}

/** Lines that are shown. */
const mostShown = 20;

/** Of these pointers, and of those that dispute them. `sizeOf`: bytes of a content, where they are known. */
export function findWrongSizes(
  contents: Pick<ContentMap, "values" | "disputed">,
  sizeOf: (oid: string) => number | undefined,
): WrongSize[] {
  const wrong: WrongSize[] = [];
  const check = (one: WantedContent) => {
    const actual = sizeOf(one.oid);
    if (actual !== undefined && actual !== one.size) wrong.push({ ...one, actual });
  };
  for (const one of contents.values()) check(one);
  for (const one of contents.disputed) check(one);
  return wrong;
}

/** What to say to whoever is about to push such pointers. */
export function wrongSizes(wrong: readonly WrongSize[]): MlgitError {
  const lines = wrong.slice(0, mostShown).map(describeWrongSize);
  if (wrong.length > lines.length) lines.push(`… and ${wrong.length - lines.length} more`);
  return new MlgitError(
    "corrupt",
    `${counted(wrong.length, "pointer states", "pointers state")} a wrong size:\n${lines.map((line) => `  ${line}`).join("\n")}`,
    {
      path: wrong[0]?.path ?? "",
      hint: "pointers are not edited by hand: check the file out of a commit where it is right, or add its bytes again, and amend the commit; nothing was pushed",
    },
  );
}

export function describeWrongSize({ path, oid, size, actual }: WrongSize): string {
  return `${path}: ${counted(size, "byte", "bytes")}, where sha256:${oid} has ${actual}`;
}
