import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeDurable } from "../util/durable.ts";
import type { Root } from "./root.ts";

/** git's configuration of a mirror: none of the user's, no hooks, and whatever a client asks for is served. */
export function configOf(objectFormat: Root["objectFormat"]): string {
  const version = objectFormat === "sha256" ? 1 : 0;
  const extension = objectFormat === "sha256" ? "[extensions]\n\tobjectFormat = sha256\n" : "";
  return `[core]
\trepositoryFormatVersion = ${version}
\tbare = true
\thooksPath = /dev/null
${extension}[gc]
\tauto = 0
[uploadpack]
\tallowFilter = true
\tallowAnySHA1InWant = true
[uploadarchive]
\tallowUnreachable = true
`;
}

const packedHeader = "# pack-refs with: peeled fully-peeled sorted \n";

/** All refs in one file and one rename: git reads `packed-refs` like any other. */
export function writeRefs(mirror: string, { refs, peeled, head }: Root): void {
  const names = [...refs.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const lines = names.map((name) => {
    const tag = peeled.get(name);
    return `${refs.get(name)} ${name}\n${tag === undefined ? "" : `^${tag}\n`}`;
  });
  writeDurable(join(mirror, "packed-refs"), packedHeader + lines.join(""));
  writeDurable(join(mirror, "HEAD"), `ref: ${head}\n`);
}

/** Name → oid. */
export function readRefs(mirror: string): Map<string, string> {
  const path = join(mirror, "packed-refs");
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  return new Map([...text.matchAll(/^([0-9a-f]{40,64}) (.*)$/gm)].map(([, oid = "", name = ""]) => [name, oid]));
}
