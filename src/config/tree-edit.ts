import { isDeepStrictEqual } from "node:util";
import { loadYaml, parseTreeSettings, type TreeSettings, type TreeStore } from "./tree-settings.ts";

/** What is to be changed in `.mlgit/config.yaml`. A store that is undefined is removed, a default that is null too. */
export interface TreeChange {
  readonly name?: string;
  readonly store?: TreeStore | undefined;
  readonly default?: string | null;
  /** The registry of a kind; an undefined URL removes it. */
  readonly registry?: { readonly kind: string; readonly url: string | undefined };
}

/**
 * Makes the change in the text line by line, so that comments and the user's way of writing stay. Where that does not give the wanted settings
 * (flow style, anchors), the whole file is written anew and `rewritten` says so.
 * @throws MlgitError kind `setup` when the text cannot be used as it is.
 */
export async function editTreeSettings(
  text: string,
  change: TreeChange,
): Promise<{ text: string; rewritten: boolean }> {
  const wanted = applied(await parseTreeSettings(text), change);
  const edited = editLines(text, change);
  if (await says(edited, wanted)) return { text: edited, rewritten: false };
  const { dump } = await import("js-yaml");
  const all = { ...((await loadYaml(text)) as object), ...wanted };
  return {
    text: dump(Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))),
    rewritten: true,
  };
}

async function says(text: string, wanted: TreeSettings): Promise<boolean> {
  try {
    return isDeepStrictEqual(plain(await parseTreeSettings(text)), plain(wanted));
  } catch {
    return false;
  }
}

/** An absent key and one without a value are the same, and so are no stores and an empty list of them. */
function plain({ stores = {}, default: preset, registries = {} }: TreeSettings): unknown {
  return JSON.parse(JSON.stringify({ stores, default: preset, registries }));
}

function applied(before: TreeSettings, change: TreeChange): TreeSettings {
  const stores = { ...before.stores };
  if (change.name !== undefined && change.store) stores[change.name] = change.store;
  else if (change.name !== undefined) delete stores[change.name];
  const preset = change.default === undefined ? before.default : (change.default ?? undefined);
  const { registry } = change;
  return {
    ...before,
    stores,
    ...(registry ? { registries: { ...before.registries, [registry.kind]: registry.url } } : {}),
    ...(preset === undefined ? { default: undefined } : { default: preset }),
  } as TreeSettings;
}

function editLines(text: string, change: TreeChange): string {
  let lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  if (change.name !== undefined)
    lines = editBlock(lines, "stores", { name: change.name, added: (indent) => storeLines(change, indent) });
  if (change.registry) {
    const { kind, url } = change.registry;
    const added = (indent: string) => (url === undefined ? [] : [`${indent}${kind}: ${scalar(url)}`]);
    lines = editBlock(lines, "registries", { name: kind, added });
  }
  if (change.default !== undefined) lines = editDefault(lines, change.default);
  return lines.map((line) => `${line}\n`).join("");
}

function editDefault(lines: readonly string[], value: string | null): string[] {
  const kept = lines.filter((line) => !/^default\s*:/.test(line));
  return value === null ? kept : [...kept, `default: ${scalar(value)}`];
}

interface BlockEdit {
  readonly name: string;
  /** The lines of the entry at an indent; none takes it away. */
  readonly added: (indent: string) => readonly string[];
}

/** Replaces, adds or removes one entry of a block map at the top of the file. */
function editBlock(lines: readonly string[], key: string, { name, added }: BlockEdit): string[] {
  const top = lines.findIndex((line) => new RegExp(`^${key}\\s*:\\s*(#.*)?$`).test(line));
  if (top < 0) {
    const fresh = added("  ");
    return fresh.length > 0 ? [...lines, `${key}:`, ...fresh] : [...lines];
  }
  const end = blockEnd(lines, top, 0);
  const indent =
    /^( +)[^\s#]/.exec(lines.slice(top + 1, end).find((line) => /^ +[^\s#]/.test(line)) ?? "  x")?.[1] ?? "  ";
  const first = lines.findIndex((line, i) => i > top && i < end && line.startsWith(`${indent}${name}:`));
  const [from, to] = first < 0 ? [end, end] : [first, blockEnd(lines, first, indent.length)];
  const rest = [...lines.slice(0, from), ...added(indent), ...lines.slice(to)];
  // A key without a value would be no map any more.
  return blockEnd(rest, top, 0) === top + 1 ? [...rest.slice(0, top), ...rest.slice(top + 1)] : rest;
}

/** One past the last line that belongs to the key at `start`; blank lines and comments behind it do not. */
function blockEnd(lines: readonly string[], start: number, indent: number): number {
  let end = start + 1;
  for (let i = start + 1; i < lines.length; i++) {
    const line = lines[i] ?? "";
    if (/^\s*(#|$)/.test(line)) continue;
    if (line.search(/\S/) <= indent) break;
    end = i + 1;
  }
  return end;
}

function storeLines({ name, store }: TreeChange, indent: string): string[] {
  if (!store) return [];
  const values = Object.entries(store).filter(([, value]) => value !== undefined);
  return [`${indent}${name}:`, ...values.map(([key, value]) => `${indent}  ${key}: ${scalar(value)}`)];
}

/** JSON's strings are YAML's double-quoted ones; usual URLs, regions and names need no quotes. */
function scalar(value: string | boolean): string {
  if (typeof value === "boolean" || /^[a-z][a-z0-9+.-]*:\/\/[\w./:@-]*[\w/]$/i.test(value)) return String(value);
  const isWord = /^[a-z][a-z0-9-]*$/i.test(value) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(value);
  return isWord ? value : JSON.stringify(value);
}
