// Node takes about a millisecond of CPU for every module it loads, and a filter or a hook would load fifty of the parts that esbuild makes. This joins
// those parts into one file, a script whose compiled form can be kept (src/cli/joined.ts). To all others it is the same module: what they imported
// from a part they import from the module beside it, which hands on what the script exports.
import { createHash } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { basename, dirname, relative, resolve } from "node:path";
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

/**
 * Joins what some entry points of a bundle import, directly or not.
 * @param {import("esbuild").Metafile} metafile of the bundle, whose files are on disk
 * @param {{target: string, start?: string, roots: readonly string[]}} request target: the file to make; start: the entry point whose `start` runs the
 *   program, if it is one; roots: others, as sources
 * @returns the metafile of what is on disk then: what was joined once is not joined again
 */
export async function mergeParts(metafile, { target, start, roots }) {
  const outputs = new Map(Object.entries(metafile.outputs).map(([path, output]) => [resolve(path), output]));
  const parts = [...reachable(outputs, start ? [start, ...roots] : roots, dirname(resolve(target)))];
  // A part's exports keep a name each in the joined file, so that bindings stay live.
  const exportsOf = new Map(
    parts.map((path, i) => [path, outputs.get(path).exports.map((name) => ({ name, joined: `p${i}_${name}` }))]),
  );
  const joined = await join(exportsOf, { target, start: start && entryOf(outputs, start) });
  const changed = [];
  for (const [path, { imports }] of outputs)
    if (!exportsOf.has(path) && imports.some((one) => exportsOf.has(resolve(one.path))))
      changed.push([path, await redirect(path, exportsOf, target)]);
  await Promise.all(parts.map((path) => rm(path)));
  await writeFile(target.replace(/\.mjs$/, ".cjs"), identified(joined));
  await writeFile(target, shim(target, [...exportsOf.values()].flat()));
  for (const [path, text] of changed) await writeFile(path, text);
  // What is imported when it is needed is imported by its name.
  for (const path of parts)
    if (outputs.get(path).entryPoint) await writeFile(path, reexport(exportsOf.get(path), importPath(path, target)));
  return { outputs: Object.fromEntries(outputsAfter(outputs, exportsOf, target)) };
}

function outputsAfter(outputs, exportsOf, target) {
  const isPart = ({ path, kind }) => kind === "import-statement" && exportsOf.has(resolve(path));
  const joined = { joined: true, exports: [...exportsOf.values()].flat().map((one) => one.joined), imports: [] };
  const after = [[target, joined]];
  for (const [path, output] of outputs) {
    const others = output.imports.filter((one) => !isPart(one));
    if (exportsOf.has(path)) joined.imports.push(...others);
    const usesJoined = exportsOf.has(path) || others.length < output.imports.length;
    const imports = usesJoined ? [...others, { path: target, kind: "import-statement" }] : others;
    if (!exportsOf.has(path) || output.entryPoint) after.push([path, { ...output, imports }]);
  }
  return after;
}

/** The parts that the roots import statically. Executables are roots and no parts. */
function reachable(outputs, roots, folder) {
  const found = new Set();
  const visit = (path) => {
    if (found.has(path) || outputs.get(path).joined) return;
    found.add(path);
    for (const { path: next, kind, external } of outputs.get(path).imports)
      if (kind === "import-statement" && !external) visit(resolve(next));
  };
  for (const root of roots) visit(entryOf(outputs, root));
  return [...found].filter((path) => dirname(path) === folder);
}

function entryOf(outputs, source) {
  const [path] = [...outputs].find(([, { entryPoint }]) => entryPoint === source) ?? [];
  if (path === undefined) throw new Error(`${source} is no entry point of the bundle`);
  return path;
}

async function join(exportsOf, { target, start }) {
  // Hundreds of names, and what is behind them: who only starts the program is spared all that. One by one, since a literal of many spreads takes V8
  // a tenth of a second.
  const takes = [...exportsOf].map(
    ([path, names]) =>
      `m=require(${JSON.stringify(path)});${names.map((one) => `all.${one.joined}=m.${one.name};`).join("")}`,
  );
  const lines = [`let all; export const parts=()=>{if(all)return all;all={};let m;${takes.join("")}return all};`];
  if (start) lines.push(`export {start} from ${JSON.stringify(start)};`);
  const plugin = resolver(({ path, full }) => (exportsOf.has(full) ? { path: full } : { path, external: true }));
  const stdin = { contents: lines.join("\n"), resolveDir: dirname(resolve(target)) };
  const define = { "import.meta.url": "__url" };
  const { outputFiles } = await build({ ...options, format: "cjs", define, stdin, plugins: [plugin] });
  return `(function(module,require,__url,__import){${asScript(outputFiles[0].text)}})`;
}

/** It gets from its loader what a module would have, and loads Node's own modules when it first uses them: half of them a run has no need of. */
function asScript(text) {
  let script = text.replaceAll(/\bimport\("/g, '__import("');
  const builtin = /\b(import_node_\w+)=(require\("node:[\w/]+"\)|__toESM\(require\("node:[\w/]+"\)(?:,1)?\))/g;
  const names = new Set([...script.matchAll(builtin)].map(([, name]) => name));
  // `new module().Name` would call the module as a constructor.
  script = script
    .replaceAll(builtin, "$1=__late(()=>$2)")
    .replaceAll(/\b(new )?(import_node_\w+)\.(\w+)/g, (use, made, name, member) => {
      if (!names.has(name)) return use;
      return made ? `new(${name}().${member})` : `${name}().${member}`;
    });
  return `var __late=load=>{let got;return()=>got??=load()};${script}`;
}

/** By its first bytes src/cli/compiled-code.ts knows a script. */
function identified(script) {
  return `/*${createHash("sha256").update(script).digest("hex")}*/${script}`;
}

/** What the others import from: the script's parts by name. */
function shim(target, exported) {
  const name = JSON.stringify(basename(target, ".mjs"));
  const names = exported.map((one) => one.joined).join(",");
  return `import{createRequire}from"node:module";export const{${names}}=createRequire(import.meta.url)("./joined.cjs").loadBeside(${name}).parts();\n`;
}

/** The text of a file whose imports from joined parts lead to the joined file. */
async function redirect(path, exportsOf, target) {
  const plugin = resolver(({ path: wanted, kind, full }) => {
    if (kind === "entry-point") return undefined;
    if (kind === "import-statement" && exportsOf.has(full)) return { path: full, namespace: "joined" };
    return { path: wanted, external: true };
  });
  const contents = ({ path: part }) => ({ contents: reexport(exportsOf.get(part), importPath(path, target)) });
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

function reexport(names, from) {
  return `export {${names.map((one) => `${one.joined} as ${one.name}`)}} from ${JSON.stringify(from)};\n`;
}

function importPath(importer, target) {
  const folder = relative(dirname(importer), dirname(resolve(target)));
  return `./${folder === "" ? "" : `${folder}/`}${basename(target)}`;
}
