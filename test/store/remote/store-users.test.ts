import { createHash } from "node:crypto";
import { expect, it } from "@jest/globals";
import { MemoryBackend } from "../../../src/backend/memory/memory-backend.ts";
import { copyUsers, listUsers, putUser, removeUser } from "../../../src/store/remote/store-users.ts";
import { listTombstones, putTombstone } from "../../../src/store/remote/tombstone.ts";

it("says who uses a store, beside the tombstones, and who does no more", async () => {
  const backend = new MemoryBackend();
  for (const remote of ["github.com/team/data", "/srv/ä b", "github.com/team/data"]) await putUser(backend, remote);
  await putTombstone(backend, "a".repeat(64));
  expect((await listUsers(backend)).sort()).toEqual(["/srv/ä b", "github.com/team/data"]);
  expect(await listTombstones(backend)).toHaveLength(1);
  await removeUser(backend, "/srv/ä b");
  expect(await listUsers(backend)).toEqual(["github.com/team/data"]);
});

it("has these bytes under this name", async () => {
  const backend = new MemoryBackend();
  await putUser(backend, "github.com/team/data");
  const name = `users/${createHash("sha256").update("github.com/team/data").digest("hex")}`;
  expect(name).toBe("users/b196765f0736fb2a3e667ed5eb3349edf9a1daaf30db9240944468fdd47f0eaa");
  const bytes = await backend.load({ type: "gc", name }, undefined, async (body) => {
    const parts: Uint8Array[] = [];
    for await (const part of body) parts.push(part);
    return Buffer.concat(parts).toString();
  });
  expect(bytes).toBe("github.com/team/data\n");
});

it("does not pass over one whose note is damaged", async () => {
  const backend = new MemoryBackend();
  await backend.save({ type: "gc", name: `users/${"0".repeat(64)}` }, Buffer.from("someone else\n"));
  expect(await listUsers(backend)).toEqual([undefined]);
});

it("copies what it can tell", async () => {
  const [from, to] = [new MemoryBackend(), new MemoryBackend()];
  await putUser(from, "a/b");
  await putUser(to, "c/d");
  await from.save({ type: "gc", name: `users/${"0".repeat(64)}` }, Buffer.from("damaged\n"));
  await copyUsers(from, to);
  expect((await listUsers(to)).sort()).toEqual(["a/b", "c/d"]);
});
