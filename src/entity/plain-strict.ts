/**
 * True only for a spec whose mutability is strict whatever else it says: the word stands there once, with that value, and nothing could spell it
 * otherwise. Parsing it would give the same (`mutabilityIn` takes what it cannot read for strict too), and loading the parser takes longer than
 * the rest of a checkout.
 */
export function isPlainlyStrict(text: string): boolean {
  // An escape or an anchor could be another way to write the key.
  return (
    !text.includes("\\") &&
    text.indexOf("mutability") === text.lastIndexOf("mutability") &&
    /^ *mutability: +strict *(#.*)?\r?$/m.test(text)
  );
}
