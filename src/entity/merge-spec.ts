import { editSpec, type SpecEdit } from "./spec-edit.ts";
import { SpecText } from "./spec-text.ts";

export interface ThreeSpecs {
  readonly base: string;
  readonly ours: string;
  readonly theirs: string;
}

/**
 * Makes three sides of a merge agree in what commands fill in: the version, and the number and size of files as of that version. The higher version counts,
 * since versions never go down. What is left to differ is what people wrote. Texts that are no specs of one kind come back as they are.
 */
export function agreeOnVersion(specs: ThreeSpecs): ThreeSpecs {
  const [ours, theirs] = [read(specs.ours), read(specs.theirs)];
  if (!ours || !theirs || ours.top !== theirs.top) return specs;
  const chosen = theirs.version > ours.version ? theirs : ours;
  const edits = ["amount", "size"].flatMap((key): SpecEdit[] => {
    const value = chosen.manifest[key];
    return value === undefined ? [] : [{ keys: [chosen.top, "manifest", key], value }];
  });
  edits.unshift({ keys: [chosen.top, "version"], value: chosen.version });
  const base = read(specs.base);
  return {
    base: base?.top === chosen.top ? editSpec(specs.base, edits) : specs.base,
    ours: editSpec(specs.ours, edits),
    theirs: editSpec(specs.theirs, edits),
  };
}

interface Counted {
  readonly top: string;
  readonly version: number;
  readonly manifest: Readonly<Record<string, unknown>>;
}

function read(text: string): Counted | undefined {
  const source = new SpecText(text);
  const all = source.value([]);
  const [top, ...others] = isMap(all) ? Object.keys(all) : [];
  if (top === undefined || others.length > 0) return undefined;
  const [version, manifest] = [source.value([top, "version"]), source.value([top, "manifest"])];
  return typeof version === "number" ? { top, version, manifest: isMap(manifest) ? manifest : {} } : undefined;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
