import { createHash } from "node:crypto";
import type { Backend } from "../../backend/backend.ts";
import { loadBytes } from "./load-bytes.ts";

/** Longer is no name of a remote. */
const mostBytes = 8192;
const pattern = /^users\/[0-9a-f]{64}$/;

/**
 * Notes that a remote's refs may need what is in this store: `gc/users/<sha256 of the name>`, which holds the name and a line's end. Whoever collects has to know all
 * of them. The same remote gives the same bytes, so that writing it again is harmless.
 */
export async function putUser(backend: Backend, remote: string): Promise<void> {
  await backend.save({ type: "gc", name: nameOf(remote) }, Buffer.from(`${remote}\n`));
}

/** Whether one is noted there. What cannot be asked is not. */
export function hasUser(backend: Backend, remote: string): Promise<boolean> {
  return backend.stat({ type: "gc", name: nameOf(remote) }).then(
    () => true,
    () => false,
  );
}

/** The remotes that use a store, as they were named; undefined stands for one whose note is damaged. */
export async function listUsers(backend: Backend, signal?: AbortSignal): Promise<(string | undefined)[]> {
  const names: string[] = [];
  for await (const { handle } of backend.list("gc", signal)) if (pattern.test(handle.name)) names.push(handle.name);
  return Promise.all(names.map((name) => readUser(backend, name, signal)));
}

export async function removeUser(backend: Backend, remote: string): Promise<void> {
  await backend.remove({ type: "gc", name: nameOf(remote) });
}

/** Whoever uses a store uses its copy. */
export async function copyUsers(from: Backend, to: Backend, signal?: AbortSignal): Promise<void> {
  for (const remote of await listUsers(from, signal)) if (remote !== undefined) await putUser(to, remote);
}

async function readUser(backend: Backend, name: string, signal?: AbortSignal): Promise<string | undefined> {
  const bytes = await loadBytes(backend, { type: "gc", name }, undefined, { signal });
  const remote = bytes.toString("utf8", 0, mostBytes).replace(/\n$/, "");
  return nameOf(remote) === name ? remote : undefined;
}

function nameOf(remote: string): string {
  return `users/${createHash("sha256").update(remote).digest("hex")}`;
}
