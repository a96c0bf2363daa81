/*
 * A commit object: header lines `<key> SP <value>`, where a value goes on in lines that begin with a space; an empty line; the message.
 */

export interface CommitHead {
  readonly tree: string;
  readonly parents: readonly string[];
}

export function parseCommit(bytes: Buffer): CommitHead {
  const end = bytes.indexOf("\n\n");
  const lines = bytes.toString("latin1", 0, end < 0 ? bytes.length : end).split("\n");
  const values = (key: string) =>
    lines.filter((line) => line.startsWith(`${key} `)).map((line) => line.slice(key.length + 1));
  return { tree: values("tree")[0] ?? "", parents: values("parent") };
}

/** The value of a header line (author, committer, tagger) of a commit or tag; one character a byte. */
export function headerOf(bytes: Buffer, key: string): string | undefined {
  const end = bytes.indexOf("\n\n");
  const lines = bytes.toString("latin1", 0, end < 0 ? bytes.length : end).split("\n");
  return lines.find((line) => line.startsWith(`${key} `))?.slice(key.length + 1);
}

/** What follows the header lines of a commit or tag. */
export function messageOf(bytes: Buffer): Buffer {
  const end = bytes.indexOf("\n\n");
  return end < 0 ? Buffer.alloc(0) : bytes.subarray(end + 2);
}

/** Headers that vouch for bytes which are not there any more. */
const signatures = /^(gpgsig|gpgsig-sha256|mergetag) /;

/** The same commit with another tree and other parents; everything else byte for byte, but signatures, which would be wrong. */
export function withTreeAndParents(
  bytes: Buffer,
  { tree, parents }: CommitHead,
): { readonly bytes: Buffer; readonly signed: boolean } {
  const end = bytes.indexOf("\n\n");
  const headEnd = end < 0 ? bytes.length : end;
  const lines = bytes.toString("latin1", 0, headEnd).split("\n");
  const kept: string[] = [];
  let signed = false;
  let dropping = false;
  for (const line of lines) {
    const goesOn = line.startsWith(" ");
    if (!goesOn) dropping = signatures.test(line);
    signed ||= dropping;
    if (dropping || (!goesOn && /^(tree|parent) /.test(line))) continue;
    kept.push(line);
  }
  const head = [`tree ${tree}`, ...parents.map((parent) => `parent ${parent}`), ...kept].join("\n");
  return { bytes: Buffer.concat([Buffer.from(head, "latin1"), bytes.subarray(headEnd)]), signed };
}
