// Node takes about a millisecond of CPU for every module it loads, and a command would load fifty of the parts that esbuild makes. This joins
// those parts into a few files, scripts whose compiled form can be kept (src/cli/joined.ts). A part in them runs when it is first asked for: by a part of
// its own script directly, by all others through the loader.
import { createHash } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { build } from "esbuild";

const options = {
  bundle: true,
  write: false,
  format: "esm",
  platform: "node",
  target: "node20.15",
  minifySyntax: true,
  minifyWhitespace: true,
  // A script is read byte by byte (src/cli/joined.ts).
  charset: "ascii",
  logLevel: "error",
};

const define = { "import.meta.url": "__url" };

/**
 * Joins what some entry points of a bundle import statically, directly or not, in place of the parts.
 * @param {import("esbuild").Metafile} metafile of the bundle, whose files are on disk
 * @param {string} folder where the parts are, and the scripts will be
 * @param {readonly {name: string, isWhole?: boolean, roots: (path: string, output: object) => boolean}[]} scripts their names without an ending, whether
 *   who uses one uses most of it, and which of the bundle's files are their roots; a part that several reach is in the first
 */
export async function joinParts(metafile, folder, scripts) {
  const outputs = new Map(Object.entries(metafile.outputs).map(([path, output]) => [resolve(path), output]));
  const homes = new Map();
  for (const { name, roots } of scripts)
    for (const path of reachable(outputs, roots, resolve(folder))) if (!homes.has(path)) homes.set(path, name);
  const texts = new Map();
  for (const { name, isWhole = false } of scripts)
    texts.set(
      join(folder, `${name}.cjs`),
      identified(await (isWhole ? wholeScript : script)(name, { homes, outputs, folder })),
    );
  for (const [path, { imports, entryPoint }] of outputs) {
    // What is imported when it is needed is imported by its name.
    if (homes.has(path) && entryPoint) texts.set(path, handOn(path, { path, homes, outputs, folder }));
    if (!homes.has(path) && imports.some((one) => homes.has(resolve(one.path))))
      texts.set(path, await redirect(path, { homes, outputs, folder }));
  }
  await Promise.all([...homes.keys()].map((path) => rm(path)));
  for (const [path, text] of texts) await writeFile(path, text);
}

/** What roots import statically: never the executables, nor what is of another kind. */
function reachable(outputs, roots, folder) {
  const found = new Set();
  const visit = (path) => {
    if (found.has(path)) return;
    found.add(path);
    for (const next of staticImports(outputs.get(path))) visit(next);
  };
  for (const [path, output] of outputs)
    if (dirname(path) === folder && path.endsWith(".mjs") && roots(path, output)) visit(path);
  return [...found].filter((path) => dirname(path) === folder);
}

/** All of a bundle's files that one of them cannot do without, itself included. */
export function closureOf(metafile, path) {
  const outputs = new Map(Object.entries(metafile.outputs).map(([name, output]) => [resolve(name), output]));
  const found = new Set([resolve(path)]);
  for (const one of found) for (const next of staticImports(outputs.get(one))) found.add(next);
  return [...found].map((one) => outputs.get(one));
}

function staticImports({ imports }) {
  return imports
    .filter(({ kind, external }) => kind === "import-statement" && !external)
    .map(({ path }) => resolve(path));
}

const late = "var __late=load=>{let got;return()=>got??=load()};";

/**
 * All parts in one scope, as if written in one file: what most of its users need most of runs faster so. Only other scripts ask for parts that are no entry
 * points: what hands those on is made when the first of them is asked for.
 */
async function wholeScript(name, { homes, outputs, folder }) {
  const own = ownParts(name, homes);
  const listOf = (paths) =>
    paths.map((path) => {
      const [key, file] = [partOf(path), path].map((word) => JSON.stringify(word));
      return `${key}(module){module.exports=require(${file})}`;
    });
  const isEntry = (path) => outputs.get(path).entryPoint !== undefined;
  const entries = listOf(own.filter(isEntry));
  const others = listOf(own.filter((path) => !isEntry(path)));
  const plugin = resolver(({ path, full }) => {
    const home = homes.get(full);
    if (home === name) return { path: full };
    return { path: home === undefined ? path : `joined:${home}/${partOf(full)}`, external: true };
  });
  const contents = `export const entries={${entries.join(",")}};export const others=()=>({${others.join(",")}});`;
  const stdin = { contents, resolveDir: resolve(folder) };
  const { outputFiles } = await build({ ...options, format: "cjs", define, stdin, plugins: [plugin] });
  const text = withLateExports(asScript(outputFiles[0].text));
  const find = "return(({entries,others},made)=>part=>entries[part]??(made??=others())[part])(module.exports)";
  return `(function(require,__url,__import){${late}var module={exports:{}};${text}\n${find}})`;
}

/**
 * esbuild gives each part an object with a function for every name that it exports; most parts are used in this scope alone, where nobody asks for that
 * object. It is filled when somebody does: a checkout spares making, and V8 keeping, a thousand small functions.
 */
function withLateExports(text) {
  const made = /\b(\w+_exports)=\{\};__export\(\1,(\{(?:[\w$"]+:\(\)=>[\w$]+,?)*\})\);/g;
  const exported = new Map([...text.matchAll(made)].map(([, name, names]) => [name, names]));
  for (const name of exported.keys()) if (text.split(new RegExp(`\\b${name}\\b`)).length !== 4) exported.delete(name);
  return text
    .replaceAll(made, (whole, name) => (exported.has(name) ? `${name}={};` : whole))
    .replaceAll(/__toCommonJS\((\w+_exports)\)/g, (whole, name) =>
      exported.has(name) ? `(__export(${name},${exported.get(name)}),${whole})` : whole,
    );
}

/** Each part is a function: V8 looks into those only that run, and keeps what it compiled of them alone. */
async function script(name, { homes }) {
  const parts = ownParts(name, homes).map(
    async (path) => `${JSON.stringify(partOf(path))}(module,exports){${await partText(path, homes)}\n}`,
  );
  return `(function(require,__url,__import){${late}var parts={${(await Promise.all(parts)).join(",\n")}};return part=>parts[part]})`;
}

function ownParts(name, homes) {
  return [...homes].filter(([, home]) => home === name).map(([path]) => path);
}

async function partText(part, homes) {
  const plugin = resolver(({ path, kind, full }) => {
    if (kind === "entry-point") return undefined;
    const home = homes.get(full);
    return { path: home === undefined ? path : `joined:${home}/${partOf(full)}`, external: true };
  });
  const { outputFiles } = await build({ ...options, format: "cjs", define, entryPoints: [part], plugins: [plugin] });
  return asScript(outputFiles[0].text);
}

/** It gets from its loader what a module would have, and loads Node's own modules when it first uses them: half of them a run has no need of. */
function asScript(text) {
  let script = text.replaceAll(/\bimport\("/g, '__import("');
  const builtin = /\b(import_\w+)=(require\("node:[\w/]+"\)|__toESM\(require\("node:[\w/]+"\)(?:,1)?\))/g;
  const names = new Set([...script.matchAll(builtin)].map(([, name]) => name));
  // `new module().Name` would call the module as a constructor.
  script = script
    .replaceAll(builtin, "$1=__late(()=>$2)")
    .replaceAll(/\b(new )?(import_\w+)\.(\w+)/g, (use, made, name, member) => {
      if (!names.has(name)) return use;
      return made ? `new(${name}().${member})` : `${name}().${member}`;
    });
  return script;
}

/** By its first bytes src/cli/compiled-code.ts knows a script. */
function identified(text) {
  return `/*${createHash("sha256").update(text).digest("hex")}*/${text}`;
}

/** The text of a file whose imports of joined parts lead to the scripts. */
async function redirect(path, { homes, outputs, folder }) {
  const plugin = resolver(({ path: wanted, kind, full }) => {
    if (kind === "entry-point") return undefined;
    if (kind === "import-statement" && homes.has(full)) return { path: full, namespace: "joined" };
    return { path: wanted, external: true };
  });
  const contents = ({ path: part }) => ({ contents: handOn(part, { path, homes, outputs, folder }) });
  const setup = (one) => {
    plugin.setup(one);
    one.onLoad({ filter: /.*/, namespace: "joined" }, contents);
  };
  const { outputFiles } = await build({ ...options, entryPoints: [path], plugins: [{ name: "redirect", setup }] });
  return outputFiles[0].text;
}

function resolver(decide) {
  return {
    name: "resolver",
    setup(one) {
      one.onResolve({ filter: /.*/ }, ({ path, importer, kind, resolveDir }) =>
        decide({ path, kind, full: resolve(importer.startsWith("/") ? dirname(importer) : resolveDir, path) }),
      );
    },
  };
}

/** A module with what a joined part exports, for the one at `path`. */
function handOn(part, { path, homes, outputs, folder }) {
  const names = outputs.get(part).exports;
  const loader = JSON.stringify(`./${relative(dirname(path), resolve(folder, "joined.cjs"))}`);
  const place = [homes.get(part), partOf(part)].map((word) => JSON.stringify(word)).join(",");
  const load = `createRequire(import.meta.url)(${loader}).loadBeside(${place})`;
  const taken = names.map((name, i) => `${name}:_${i}`).join(",");
  const given = names.map((name, i) => `_${i} as ${name}`).join(",");
  return `import{createRequire}from"node:module";const{${taken}}=${load};export{${given}};\n`;
}

function partOf(path) {
  return basename(path, ".mjs");
}
