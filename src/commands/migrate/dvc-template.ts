import { isMap } from "../../migrate/dvc-file.ts";

type Body = Readonly<Record<string, unknown>>;

const sections = ["outs", "metrics", "plots"] as const;

/**
 * dvc.lock has all that a stage makes in one list: each as the output, metric or plot of the template that its name is made from, with the flags it has
 * there. `entries` reads such a list as names with flags.
 */
export function sortByTemplate(
  made: readonly string[],
  template: Body,
  entries: (list: unknown) => readonly (readonly [string, Body])[],
): Readonly<Record<(typeof sections)[number], Body[]>> {
  const sorted: Record<(typeof sections)[number], Body[]> = { outs: [], metrics: [], plots: [] };
  const body = { ...(isMap(template.do) ? template.do : {}), ...template };
  const patterns = sections.flatMap((section) =>
    entries(body[section]).map(([name, flags]) => ({ section, flags, matches: patternOf(name) })),
  );
  for (const path of made) {
    const { section, flags } = patterns.find(({ matches }) => matches.test(path)) ?? { section: "outs", flags: {} };
    sorted[section].push({ [path]: flags });
  }
  return sorted;
}

/** `m_${item.name}.json` as a pattern. */
function patternOf(name: string): RegExp {
  const parts = name.split(/\$\{[^}]*\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}/?$`, "su");
}
