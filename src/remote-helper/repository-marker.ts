/* docs/format/remote.md, "format.json" */
import { randomUUID } from "node:crypto";
import type { Backend, Guarantees } from "../backend/backend.ts";
import { isMlgitError, MlgitError } from "../error/mlgit-error.ts";
import type { ObjectFormat } from "../git/repository.ts";
import { collectText } from "../util/collect-text.ts";

export type RefScheme = "swap" | "log";

export interface RepositoryMarker {
  readonly repository: string;
  readonly objectFormat: ObjectFormat;
  readonly refs: RefScheme;
}

const handle = { type: "git", name: "format.json" } as const;

/** @returns undefined where no repository is. @throws MlgitError kind `corrupt`, `unsupported`, or the backend's. */
export async function readRepositoryMarker(backend: Backend): Promise<RepositoryMarker | undefined> {
  try {
    return parse(await backend.load(handle, undefined, collectText), backend.location);
  } catch (error) {
    if (backend.isNotFound(error)) return undefined;
    throw error;
  }
}

/** Makes the repository, or finds the one that somebody else made at the same moment. */
export async function createRepositoryMarker(
  backend: Backend,
  objectFormat: ObjectFormat,
  guarantees: Guarantees,
): Promise<RepositoryMarker> {
  const marker: RepositoryMarker = { repository: randomUUID(), objectFormat, refs: schemeFor(guarantees, backend) };
  const body = Buffer.from(`${JSON.stringify({ format: 1, ...marker }, null, 2)}\n`);
  try {
    await backend.save(handle, body, { ifAbsent: true });
  } catch (error) {
    if (!isMlgitError(error) || error.kind !== "conflict") throw error;
  }
  const found = await readRepositoryMarker(backend);
  if (found) return found;
  throw new MlgitError("unreachable", `${backend.location} does not show what was just written to it`, {
    hint: "run `git mlgit store test`",
  });
}

function schemeFor({ exclusiveCreate, compareAndSwap }: Guarantees, backend: Backend): RefScheme {
  if (exclusiveCreate) return compareAndSwap ? "swap" : "log";
  throw new MlgitError(
    "unsupported",
    `${backend.location} lets two writers overwrite each other, so it cannot keep git's refs`,
    {
      hint: "use an S3 server with conditional writes (If-None-Match), or keep refs on a git server and only data here",
    },
  );
}

function parse(text: string, location: string): RepositoryMarker {
  let json: Partial<RepositoryMarker> & { readonly format?: unknown };
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw damaged(location, cause);
  }
  if (json?.format !== 1)
    throw new MlgitError("unsupported", `the repository in ${location} has format ${JSON.stringify(json?.format)}`, {
      hint: "install the newest mlgit",
    });
  const { repository, objectFormat, refs } = json;
  const isKnown = (objectFormat === "sha1" || objectFormat === "sha256") && (refs === "swap" || refs === "log");
  if (!isKnown || typeof repository !== "string" || !/^[0-9A-Za-z-]{1,64}$/.test(repository)) throw damaged(location);
  return { repository, objectFormat, refs };
}

function damaged(location: string, cause?: unknown): MlgitError {
  return new MlgitError("corrupt", `git/format.json of ${location} is damaged`, {
    path: "git/format.json",
    hint: "restore it from a version or backup of the store",
    cause,
  });
}
