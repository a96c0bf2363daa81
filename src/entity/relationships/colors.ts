const known: Readonly<Record<string, string>> = { dataset: "#2271b1", labels: "#996800", model: "#d63638" };
const others = ["#5b3fa8", "#00695c", "#7b4b2a", "#455a64", "#9c2780", "#3f6212"];

/** A fill on which white text can be read, for each kind; the same for the same kinds every time. */
export function kindColors(kinds: readonly string[]): ReadonlyMap<string, string> {
  const distinct = [...new Set(kinds)];
  const declared = distinct.filter((kind) => !Object.hasOwn(known, kind)).sort();
  return new Map(
    distinct.map((kind) => {
      const own = Object.hasOwn(known, kind) ? known[kind] : undefined;
      return [kind, own ?? (others[declared.indexOf(kind) % others.length] as string)];
    }),
  );
}
