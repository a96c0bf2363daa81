/** What git-lfs writes into .gitattributes, and what stands for it here. `-merge`: text markers would destroy a pointer. */
const words: Readonly<Record<string, string>> = {
  "filter=lfs": "filter=mlgit",
  "diff=lfs": "diff=mlgit",
  "merge=lfs": "-merge",
};

export interface ConvertedAttributes {
  readonly text: string;
  /** Lines that were changed. */
  readonly changed: number;
  /** Patterns or macros with `lockable`, which means nothing without git-lfs's server. */
  readonly lockable: readonly string[];
}

/** A .gitattributes text (one character a byte) with git-lfs's attributes replaced, in macros too. Everything else stays byte for byte. */
export function convertAttributes(text: string): ConvertedAttributes {
  let changed = 0;
  const lockable: string[] = [];
  const lines = text.split("\n").map((line) => {
    const [head = "", ...rest] = splitWords(line);
    if (head === "" || head.startsWith("#")) return line;
    if (rest.includes("lockable")) lockable.push(head);
    if (!rest.some((word) => word in words)) return line;
    changed++;
    const at = line.indexOf(head) + head.length;
    return line.slice(0, at) + line.slice(at).replace(/[^ \t\r]+/g, (word) => words[word] ?? word);
  });
  return { text: lines.join("\n"), changed, lockable };
}

/** A pattern, quoted or not, then attributes. */
function splitWords(line: string): string[] {
  const text = line.replace(/^[ \t]+|[ \t\r]+$/g, "");
  const quoted = /^"(?:[^"\\]|\\.)*"/.exec(text)?.[0];
  if (quoted === undefined) return text.split(/[ \t]+/);
  return [quoted, ...text.slice(quoted.length).split(/[ \t]+/)].filter((word) => word !== "");
}
