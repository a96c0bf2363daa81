import * as fs from "node:fs";
import * as promises from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, jest } from "@jest/globals";

/** What FAT and some mounts say of every change of permissions. */
let refusal: string;
const refuse = async () => {
  throw Object.assign(new Error(`${refusal}: operation not permitted, chmod`), { code: refusal });
};
jest.unstable_mockModule("node:fs/promises", () => ({
  ...promises,
  chmod: refuse,
  open: async (...words: Parameters<typeof promises.open>) =>
    Object.assign(await promises.open(...words), { chmod: refuse }),
}));
const { FileBackend } = await import("../../../src/backend/file/file-backend.ts");
const { pack, read } = await import("../contract.ts");

let root: string;
beforeEach(() => {
  root = fs.mkdtempSync(join(tmpdir(), "mlgit-no-modes-"));
});
afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

for (const code of ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"])
  it(`a store is written to where the file system keeps no permissions and says ${code}`, async () => {
    refusal = code;
    fs.chmodSync(root, 0o2775);
    const backend = new FileBackend({ folder: join(root, "store") });
    await backend.createPlace();
    for (const bytes of [Buffer.from("small"), Buffer.alloc(3 << 20, "large")]) {
      const handle = pack();
      await backend.save(handle, bytes);
      expect((await read(backend, handle)).equals(bytes)).toBe(true);
    }
  });

it("any other failure of that is one of the push", async () => {
  refusal = "EIO";
  const backend = new FileBackend({ folder: root });
  await expect(backend.save(pack(), Buffer.from("x"))).rejects.toMatchObject({ kind: "disk" });
});
