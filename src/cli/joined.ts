import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Script } from "node:vm";
import { compiledCodePlaces, readCompiledCode, writeCompiledCode } from "./compiled-code.ts";

/** What people type may take a moment longer to start, and they type so many things that their code would crowd out the rest. */
const calledByGit = /^(filter-process|clean|smudge|pre-[a-z]+|post-[a-z-]+|remote-helper)$/;
/** Functions are compiled when they are first called: a few runs of each kind are gathered until all that git's calls use is there. */
const runsOfAKind = 4;

/** A program that was joined from many modules. */
export interface Joined {
  /** Runs it. */
  start(): void;
  /** What its modules export, by the names that the build gave to that. */
  parts(): Readonly<Record<string, unknown>>;
}

/** The loader is part of each executable, and lies beside the parts for the others: what one loaded the other must not load again. */
const shared = globalThis as { mlgitJoined?: Map<string, Joined> };
shared.mlgitJoined ??= new Map();
const loaded = shared.mlgitJoined;

/**
 * A file that the build joined from many parts: `<folder>/<name>.cjs`. It is no ES module, since V8's compiled form of those
 * cannot be kept, and compiling takes longer than most of what git asks for (docs/decision/0014).
 *
 * @param name for example `git-calls`
 * @param run the command that this process was started for
 */
export function loadJoined(folder: string, name: string, run?: string): Joined {
  const before = loaded.get(name);
  if (before) return before;
  const filename = join(folder, `${name}.cjs`);
  // The build leaves nothing but ASCII in it, and a string of single bytes is half as large for V8.
  const source = readFileSync(filename);
  const places = compiledCodePlaces(folder, name);
  const compiled = readCompiledCode(places, source);
  const script = new Script(source.toString("latin1"), { filename, ...(compiled && { cachedData: compiled.data }) });
  const module = { exports: {} as Joined };
  const ownRequire = createRequire(filename);
  // One joined file may import from another.
  const require = (id: string) =>
    id.endsWith(".mjs") ? loadJoined(folder, id.slice("./".length, -".mjs".length)).parts() : ownRequire(id);
  const url = pathToFileURL(filename).href;
  // A script has no `import()` of its own; what it names lies beside it.
  const importBeside = (id: string) => import(id.startsWith("./") ? new URL(id, url).href : id);
  script.runInThisContext()(module, require, url, importBeside);
  loaded.set(name, module.exports);
  const runs = compiled?.runs ?? [];
  if (run === undefined || !calledByGit.test(run)) return module.exports;
  // What is whole and was made from this text, and is refused all the same, was made with other options of V8: it stays theirs.
  if (!script.cachedDataRejected && runs.filter((one) => one === run).length < runsOfAKind)
    process.once("exit", () =>
      writeCompiledCode(places, source, { data: script.createCachedData(), runs: [...runs, run] }),
    );
  return module.exports;
}

/** The same for who finds this loader beside the file. */
export function loadBeside(name: string): Joined {
  return loadJoined(__dirname, name);
}
