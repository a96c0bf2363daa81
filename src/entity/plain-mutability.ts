import { isMutability, type Mutability } from "./mutability.ts";

/** Longer ones are left to the parser. */
const plainLimit = 4096;
const key = "[a-z_][a-z0-9_]*";
/** Words that can be nothing but text, numbers, `true`, `false` or `null`. */
const scalar = "\\w[\\w./@+-]*(?: [\\w./@+-]+)*";
/** What lies below the top key: values, and lists and maps of them. */
const plainBody = new RegExp(
  `^(?:  ${key}: ${scalar}\\n|  ${key}:\\n(?:(?:    - ${scalar}\\n)+|(?:    ${key}: ${scalar}\\n)+))+$`,
);

/**
 * What `mutabilityIn` says of a spec that is written like those that `create` writes, found without the parser: loading that takes a quarter of a checkout.
 * Undefined where only the parser can tell.
 */
export function plainMutability(text: string, { name }: { readonly name: string }): Mutability | undefined {
  return isPlainlyStrict(text) ? "strict" : readPlain(text, `${name}:\n`);
}

/** True only where the word stands there once, with that value, and nothing could spell it otherwise: what the parser cannot read it takes for strict too. */
function isPlainlyStrict(text: string): boolean {
  // An escape or an anchor could be another way to write the key.
  return (
    !text.includes("\\") &&
    text.indexOf("mutability") === text.lastIndexOf("mutability") &&
    /^ *mutability: +strict *(#.*)?\r?$/m.test(text)
  );
}

function readPlain(text: string, top: string): Mutability | undefined {
  if (text.length > plainLimit || !text.startsWith(top) || !plainBody.test(text.slice(top.length))) return undefined;
  const keys = [...text.matchAll(/^ +(\w+):/gm)].map(([, one]) => one);
  // The same one twice in a map is a mistake.
  if (new Set(keys).size < keys.length) return undefined;
  const [, value] = /^ {2}mutability: (.+)$/m.exec(text) ?? [];
  return isMutability(value) ? value : undefined;
}
