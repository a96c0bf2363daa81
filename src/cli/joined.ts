import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Script } from "node:vm";
import { compiledCodePlaces, readCompiledCode, writeCompiledCode } from "./compiled-code.ts";

const calledByGit = /^(filter-process|clean|smudge|pre-[a-z]+|post-[a-z-]+|remote-helper)$/;
/** Other words may look so, too. */
const command = /^[a-z][a-z-]{1,20}$/;
/** Functions are compiled when they are first called: a few runs of each kind are gathered until all that they use is there. */
const runsOfAKind = 4;
/** Seconds after which V8 may have dropped the code of functions that were called only at the beginning, so that a run has little to give. */
const longRun = 2;
/** What comes after so many starts of a command is compiled as ever. */
const mostRuns = 100;

/** What a part of a script exports. */
type Part = Readonly<Record<string, unknown>>;

/** Finds one of the parts that were joined from many modules, by its name; each runs when it is first asked for. */
type Parts = (part: string) => ((module: { exports: Part }, exports: Part) => void) | undefined;

/** A start of ours, for which code is compiled. */
interface Run {
  /** Code takes long to read, so each command has files of its own. */
  readonly command: string;
  readonly isTyped: boolean;
  /** Such as `filter-process`, `lineage/record`. */
  readonly kind: string;
}

/** The loader is part of each executable, and lies beside the parts for the others: what one loaded the other must not load again. */
interface Shared {
  readonly scripts: Map<string, Parts>;
  readonly parts: Map<string, Part>;
  run?: Run;
  /** Set by whoever changed an option of V8: compiled code fits only those that it was made with. */
  withUsualOptions?: <T>(work: () => T) => T;
}

const place = globalThis as { mlgitJoined?: Shared };
place.mlgitJoined ??= { scripts: new Map(), parts: new Map() };
const shared = place.mlgitJoined;

/** What was joined into a script of a folder. */
export interface PartName {
  readonly folder: string;
  /** Without its ending, for example `git-calls`. */
  readonly script: string;
  readonly part: string;
}

/** Runs a program: a part that exports `start`. @param words what the command line says */
export function startJoined(name: PartName, words: readonly string[]): void {
  const [first = "", second = ""] = words;
  if (calledByGit.test(first)) shared.run = { command: first, isTyped: false, kind: first };
  else if (command.test(first))
    shared.run = { command: first, isTyped: true, kind: command.test(second) ? `${first}/${second}` : first };
  (loadPart(name).start as () => void)();
}

/** The same part for who finds this loader beside the scripts. */
export function loadBeside(script: string, part: string): Part {
  return loadPart({ folder: __dirname, script, part });
}

/**
 * A part of a file that the build joined from many: `<folder>/<script>.cjs`. That is no ES module, since V8's compiled form of those cannot be
 * kept, and compiling takes longer than most of what git asks for (docs/decision/0014).
 */
function loadPart({ folder, script, part }: PartName): Part {
  const id = `${script}/${part}`;
  const before = shared.parts.get(id);
  if (before) return before;
  const load = loadScript(folder, script)(part);
  if (!load) throw new Error(`${script}.cjs has no part ${part}`);
  const module = { exports: {} as Part };
  load(module, module.exports);
  shared.parts.set(id, module.exports);
  return module.exports;
}

function loadScript(folder: string, name: string): Parts {
  const before = shared.scripts.get(name);
  if (before) return before;
  const { run } = shared;
  const filename = join(folder, `${name}.cjs`);
  // The build leaves nothing but ASCII in it, and a string of single bytes is half as large for V8.
  const source = readFileSync(filename);
  const places = compiledCodePlaces(folder, run ? `${name}-${run.command}` : name);
  const compiled = readCompiledCode(places, source);
  const options = { filename, ...(compiled && { cachedData: compiled.data }) };
  const script = withUsualOptions(() => new Script(source.toString("latin1"), options));
  const parts: Parts = script.runInThisContext()(...surroundings(folder, filename));
  shared.scripts.set(name, parts);
  const runs = compiled?.runs ?? [];
  const isShortWanted = run !== undefined && isWanted(run.kind, runs);
  // What is whole and was made from this text, and is refused all the same, was made with other options of V8: it stays theirs.
  if (run && !script.cachedDataRejected && (isShortWanted || isWanted(longKind(run), runs)))
    process.once("exit", (code) => {
      const isLong = process.uptime() > longRun;
      // A word that is no command is none to be faster at.
      if ((!isLong && !isShortWanted) || (run.isTyped && code !== 0)) return;
      keepCode(script, { places, source, kind: isLong ? longKind(run) : run.kind });
    });
  return parts;
}

function withUsualOptions<T>(work: () => T): T {
  return shared.withUsualOptions ? shared.withUsualOptions(work) : work();
}

function longKind({ kind }: Run): string {
  return `${kind}~`;
}

function isWanted(kind: string, runs: readonly string[]): boolean {
  return runs.length < mostRuns && runs.filter((one) => one === kind).length < runsOfAKind;
}

interface Kept {
  readonly places: Iterable<string>;
  readonly source: Buffer;
  readonly kind: string;
}

/** Reads again what was there: other runs may have gathered since, and until now it would only have taken memory. */
function keepCode(script: Script, { places, source, kind }: Kept): void {
  const before = readCompiledCode(places, source);
  const runs = before?.runs ?? [];
  if (!isWanted(kind, runs)) return;
  const made = withUsualOptions(() => script.createCachedData());
  const data = before && before.data.length > made.length ? before.data : made;
  writeCompiledCode(places, source, { data, runs: [...runs, kind] });
}

/** Names that the build gave to parts of scripts. */
const joinedName = /^joined:([^/]+)\/(.+)$/;

/** A script has neither `require` nor `import()` of its own; what it names lies beside it. */
function surroundings(folder: string, filename: string) {
  const url = urlOf(filename);
  const partNamed = (id: string) => {
    const [, script, part] = joinedName.exec(id) ?? [];
    return script === undefined || part === undefined ? undefined : loadPart({ folder, script, part });
  };
  // What has no name of ours is Node's or a package, for which this file's own `require` looks in the same folders.
  const requireBeside = (id: string): unknown => partNamed(id) ?? require(id);
  const importBeside = async (id: string): Promise<unknown> =>
    partNamed(id) ?? import(id.startsWith("./") ? new URL(id, url).href : id);
  return [requireBeside, url, importBeside] as const;
}

/** Most paths need no escape, and Node's own way to find out takes half a millisecond when it is first gone. */
function urlOf(path: string): string {
  return /^\/[\w./-]+$/.test(path) ? `file://${path}` : pathToFileURL(path).href;
}
