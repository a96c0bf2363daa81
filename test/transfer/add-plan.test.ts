import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "@jest/globals";
import { planAdd } from "../../src/transfer/add-plan.ts";

const folder = mkdtempSync(join(tmpdir(), "mlgit-add-plan-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Files of these sizes, without a byte of data. */
function files(...sizes: number[]): Buffer[] {
  return sizes.map((size, i) => {
    const path = join(folder, `${i} of ${size}`);
    writeFileSync(path, "");
    truncateSync(path, size);
    return Buffer.from(path);
  });
}

it("starts no thread for a few small files, or for one large one", () => {
  expect(planAdd(files(...Array(20).fill(10_000)))).toBeUndefined();
  expect(planAdd(files(50 << 20, 10_000))).toBeUndefined();
});

it("gives large files to threads one by one, the largest first, and the others together in their order", () => {
  expect(planAdd(files(10, 17 << 20, 20, 90 << 20, 30))).toEqual([[3], [1], [0, 2, 4]]);
});

it("hands out few files at a time when they are not small", () => {
  expect(planAdd(files(...Array(33).fill(10 << 20)))?.map((batch) => batch.length)).toEqual([...Array(16).fill(2), 1]);
});

it("leaves what is gone to whoever adds it, and every file to exactly one thread", () => {
  const many = [...files(...Array(40).fill(1000)), Buffer.from(join(folder, "gone"))];
  const plan = planAdd(many) ?? [];
  expect(plan.flat().sort((a, b) => a - b)).toEqual(many.map((_, i) => i));
});
