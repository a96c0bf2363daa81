const forbidden = /[\p{Cc}\u007f ~^:?*[\\]|\.\.|@\{|\/\/|\.$|\/$/u;

/**
 * Is this the full name of a ref that a repository in a store may have? The rules of git-check-ref-format(1), and `refs/` before it: a name goes
 * into lines of git's protocols and into file names of the mirror.
 */
export function isRefName(name: string): boolean {
  if (!name.startsWith("refs/") || Buffer.byteLength(name) > 1000 || forbidden.test(name)) return false;
  const parts = name.split("/");
  return parts.length > 2 && parts.every((part) => part !== "" && !part.startsWith(".") && !part.endsWith(".lock"));
}

/** Of names that cannot stand beside each other, since one is a folder of the other, the first pair; undefined when there is none. */
export function findFolderClash(names: Iterable<string>): readonly [string, string] | undefined {
  const all = new Set(names);
  for (const name of all)
    for (let end = name.lastIndexOf("/"); end > 0; end = name.lastIndexOf("/", end - 1)) {
      const folder = name.slice(0, end);
      if (all.has(folder)) return [folder, name];
    }
  return undefined;
}
