import { fileURLToPath } from "node:url";

const scheme = "file://";

/** The path of a module, from its `import.meta.url`. Most have nothing to unescape, and Node's parser of URLs takes half a millisecond when it is first used. */
export function modulePath(url: string): string {
  const isPlain = url.startsWith(`${scheme}/`) && !["%", "?", "#"].some((special) => url.includes(special));
  return isPlain ? url.slice(scheme.length) : fileURLToPath(url);
}
