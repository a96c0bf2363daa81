import { MlgitError } from "../error/mlgit-error.ts";
import { digestOfCid } from "./cid.ts";
import { isMap } from "./dvc-file.ts";

/** A piece of a file: ml-git cuts at 262,144 bytes. */
export interface MlGitLink {
  readonly cid: string;
  /** Bytes. */
  readonly size: number;
}

/** Larger pieces are not read: somebody wants to fill the memory. */
export const pieceLimit = 64 << 20;
/** Larger manifests and descriptors are not read. */
export const textLimit = 256 << 20;

/**
 * A file's descriptor: JSON, `{"Links": [{"Hash": cid, "Size": bytes}, …]}`; an empty list is an empty file.
 * @throws MlgitError kind `corrupt` when it is none.
 */
export function parseDescriptor(bytes: Buffer, cid: string): MlGitLink[] {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch {
    value = undefined;
  }
  const list = isMap(value) && Array.isArray(value.Links) ? value.Links : undefined;
  const links = list?.map((one): MlGitLink | undefined => {
    const { Hash: hash, Size: size } = isMap(one) ? one : {};
    const isRight = typeof hash === "string" && digestOfCid(hash) !== undefined && Number.isSafeInteger(size);
    return isRight && Number(size) >= 0 && Number(size) <= pieceLimit ? { cid: hash, size: Number(size) } : undefined;
  });
  if (links?.every((link): link is MlGitLink => link !== undefined)) return links;
  throw new MlgitError("corrupt", `${cid} is no descriptor of a file`, { path: cid });
}

/**
 * MANIFEST.yaml: `<descriptor's cid>: !!set {<path>: null, …}`, paths relative to the entity. Gives path → cid.
 * @throws MlgitError kind `corrupt` when it is none, or names a path twice.
 */
export async function parseManifest(text: string, name: string): Promise<Map<string, string>> {
  const { load, YAML11_SCHEMA } = await import("js-yaml");
  const files = new Map<string, string>();
  const wrong = (what: string, cause?: unknown) =>
    new MlgitError("corrupt", `${name} ${what}`, { path: name, ...(cause === undefined ? {} : { cause }) });
  let value: unknown;
  try {
    value = load(text, { schema: YAML11_SCHEMA }) ?? {};
  } catch (cause) {
    throw wrong(`is no YAML: ${String((cause as Error).message).split("\n")[0]}`, cause);
  }
  if (!isMap(value)) throw wrong("is no map");
  for (const [cid, paths] of Object.entries(value)) {
    if (digestOfCid(cid) === undefined) throw wrong(`names something that is no CID: ${cid.slice(0, 80)}`);
    for (const path of pathsOf(paths)) {
      if (files.has(path)) throw wrong(`names ${path} twice`);
      files.set(path, cid);
    }
  }
  return files;
}

function pathsOf(paths: unknown): string[] {
  if (paths instanceof Set || Array.isArray(paths)) return [...paths].map(String);
  return isMap(paths) ? Object.keys(paths) : [];
}

/** Where a project of ml-git has an object, below its `objects` folder. */
export function localObject(cid: string): string {
  return `hashfs/${cid.slice(5, 7)}/${cid.slice(7, 9)}/${cid}`;
}
