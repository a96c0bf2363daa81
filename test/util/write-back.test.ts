import { mkdtempSync, readdirSync, readlinkSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "@jest/globals";
import { WriteBack } from "../../src/util/write-back.ts";

const folder = mkdtempSync(join(tmpdir(), "mlgit-write-back-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Descriptors of this process on a file. */
function opened(path: string): number {
  const links = readdirSync("/proc/self/fd").map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return "";
    }
  });
  return links.filter((link) => link === path).length;
}

const until = async (condition: () => boolean) => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
};

it("opens a file once when there is enough of it, and lets go of it at the end", async () => {
  const path = join(folder, "grows");
  writeFileSync(path, "");
  truncateSync(path, 100 << 20);
  const back = new WriteBack(path, 100 << 20);
  back.advance(31 << 20);
  expect(opened(path)).toBe(0);
  for (const written of [32, 40, 70, 100]) back.advance(written << 20);
  expect(opened(path)).toBe(1);
  back.end();
  back.end();
  await until(() => opened(path) === 0);
  back.advance(1 << 30);
  expect(opened(path)).toBe(0);
});

it("leaves what is not there to others", async () => {
  const back = new WriteBack(join(folder, "absent"), 0);
  expect(() => back.advance(1 << 30)).not.toThrow();
  back.end();
});

it("says at its end what a flush failed with, which nobody else is told", async () => {
  const failed = new WriteBack("/dev/null", 0);
  for (const written of [32, 64, 96]) failed.advance(written << 20);
  expect(await failed.end()).toMatchObject({ code: "EINVAL" });
  expect(await failed.end()).toMatchObject({ code: "EINVAL" });
  const path = join(folder, "fine");
  writeFileSync(path, "");
  truncateSync(path, 64 << 20);
  const fine = new WriteBack(path, 0);
  fine.advance(32 << 20);
  expect(await fine.end()).toBeUndefined();
  expect(new WriteBack(path, 0).end()).toBeUndefined();
});
