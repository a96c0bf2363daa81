import { fileURLToPath } from "node:url";

/** The path of a module, from its `import.meta.url`. Most paths need no unescaping, and Node's parser of URLs takes half a millisecond when it is first used. */
export function modulePath(url: string): string {
  return /^file:\/\/\/[\w./-]+$/.test(url) ? url.slice("file://".length) : fileURLToPath(url);
}
