/*
 * git-lfs, docs/spec.md: lines `<key> SP <value>`, `version` first, the others sorted; less than 1024 bytes. Only `sha256` names objects.
 *   version https://git-lfs.github.com/spec/v1
 *   oid sha256:<64 hex digits>
 *   size <bytes>
 */

export interface LfsPointer {
  /** SHA-256 of the content, hex. */
  readonly oid: string;
  /** Bytes; 0 is possible, if odd. */
  readonly size: number;
  /** Names of extensions: the object is not the file's content, but what these made of it. */
  readonly extensions: readonly string[];
}

const versions = new Set([
  "https://git-lfs.github.com/spec/v1",
  "http://git-media.io/v/2",
  "https://hawser.github.com/spec/v1",
]);

/** Pointers are shorter. */
const limit = 1024;

/** The pointer of git-lfs that these bytes are, or undefined. Line ends and a missing last one do not matter, as for git-lfs. */
export function parseLfsPointer(bytes: Uint8Array): LfsPointer | undefined {
  if (bytes.length >= limit || bytes.length < 80) return undefined;
  const [first = "", ...rest] = Buffer.from(bytes).toString("latin1").trim().split(/\r?\n/);
  if (!first.startsWith("version ") || !versions.has(first.slice("version ".length).trim())) return undefined;
  const values = new Map<string, string>();
  for (const line of rest) {
    const [key = "", value, ...more] = line.split(" ");
    if (value === undefined || more.length > 0 || values.has(key)) return undefined;
    values.set(key, value);
  }
  const oid = /^sha256:([0-9a-f]{64})$/.exec(values.get("oid") ?? "")?.[1];
  const size = values.get("size") ?? "";
  if (oid === undefined || !/^\d{1,15}$/.test(size)) return undefined;
  const others = [...values.keys()].filter((key) => key !== "oid" && key !== "size");
  if (others.some((key) => !/^ext-\d+-\S+$/.test(key))) return undefined;
  return { oid, size: Number(size), extensions: others.map((key) => key.replace(/^ext-\d+-/, "")) };
}
