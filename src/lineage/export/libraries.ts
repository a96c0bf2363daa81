import type { Environment } from "../environment.ts";

type Library = { readonly "bom-ref": string } & Record<string, unknown>;

/** Libraries that the probes `pip`, `npm` and `conda` found, as CycloneDX components with package URLs. What has no plain version, such as a checkout, has no URL. */
export function libraryComponents(environments: readonly Environment[]): Library[] {
  const found = new Map<string, Library>();
  for (const { probes } of environments)
    for (const [probe, versions] of Object.entries((probes ?? {}) as Readonly<Record<string, unknown>>))
      for (const [name, value] of Object.entries((versions ?? {}) as Readonly<Record<string, unknown>>)) {
        const one = library(probe, name, String(value));
        if (one) found.set(one["bom-ref"], one);
      }
  return [...found.values()];
}

function library(probe: string, name: string, value: string): Library | undefined {
  if (!["pip", "npm", "conda"].includes(probe) || name === "problem") return undefined;
  // conda: version and build.
  const [version = "", build] = probe === "conda" ? value.split("=", 2) : [value];
  const isPlain = /^[\w.+!-]+$/.test(version);
  const purl = isPlain ? packageUrl(probe, name, version) + (build ? `?build=${encodeURIComponent(build)}` : "") : "";
  return {
    "bom-ref": `${probe}:${name}@${value}`,
    type: "library",
    name,
    ...(version === "" ? {} : { version }),
    ...(purl === "" ? {} : { purl }),
  };
}

/** As the package URL specification has it: `pkg:pypi/<name in lower case, - for _>@<version>`, `pkg:npm/%40scope/name@<version>`. */
function packageUrl(probe: string, name: string, version: string): string {
  const at = `@${encodeURIComponent(version)}`;
  if (probe === "pip") return `pkg:pypi/${encodeURIComponent(name.toLowerCase().replaceAll("_", "-"))}${at}`;
  return `pkg:${probe}/${name.split("/").map(encodeURIComponent).join("/")}${at}`;
}
