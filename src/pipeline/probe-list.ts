import { MlgitError } from "../error/mlgit-error.ts";
import type { Probe } from "./stage.ts";

interface BuiltinProbe {
  readonly cmd: readonly string[];
  /** Brings what it prints into lines that are the same wherever the same is installed. */
  readonly tidy?: (text: string) => string;
}

/** Probes that need no more than their name. The interpreters are those that the stage's own command would find on PATH. */
export const builtinProbes: Readonly<Record<string, BuiltinProbe>> = {
  python: { cmd: ["python3", "-VV"] },
  pip: { cmd: ["python3", "-m", "pip", "--disable-pip-version-check", "freeze", "--all"] },
  conda: { cmd: ["conda", "list", "--export"] },
  npm: { cmd: ["npm", "ls", "--all", "--json"], tidy: npmLines },
  nvidia: { cmd: ["nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"] },
};

export const probeNamePattern = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,39}$/;

export function builtinProbe(name: string): Probe | undefined {
  const found = Object.hasOwn(builtinProbes, name) ? builtinProbes[name] : undefined;
  return found && { name, cmd: found.cmd };
}

/** Whether a probe is the built-in one of its name, and not somebody's own. */
export function isBuiltin({ name, cmd }: Probe): boolean {
  return JSON.stringify(builtinProbe(name)?.cmd) === JSON.stringify(cmd);
}

/** A word of a command line or of git's configuration: the name of a built-in probe, or `<name>=<command>`. @throws MlgitError kind `usage`. */
export function parseProbe(word: string): Probe {
  const [, name = "", cmd = ""] = /^([^=]+)=(.+)$/s.exec(word) ?? [];
  const found = name === "" ? builtinProbe(word) : probeNamePattern.test(name) ? { name, cmd } : undefined;
  if (found) return found;
  throw new MlgitError("usage", `${JSON.stringify(word)} is no probe`, {
    hint: `${Object.keys(builtinProbes).join(", ")}, or <name>=<command>`,
  });
}

/** Of several lists; of two with one name the later one counts. */
export function joinProbes(...lists: readonly (readonly Probe[])[]): Probe[] {
  return [...new Map(lists.flat().map((probe) => [probe.name, probe])).values()];
}

interface NpmTree {
  readonly dependencies?: Readonly<Record<string, NpmTree & { readonly version?: string }>>;
}

/** `name@version`, sorted, each once. */
function npmLines(text: string): string {
  const lines = new Set<string>();
  const walk = ({ dependencies = {} }: NpmTree) => {
    for (const [name, found] of Object.entries(dependencies)) {
      // Optional ones that were not installed have none.
      if (found.version !== undefined) lines.add(`${name}@${found.version}`);
      walk(found);
    }
  };
  try {
    walk(JSON.parse(text) as NpmTree);
  } catch {
    return text;
  }
  return [...lines]
    .sort()
    .map((line) => `${line}\n`)
    .join("");
}
