import { afterAll, describe, expect, it } from "@jest/globals";
import { createSandbox, randomBytes, sha256 } from "./sandbox.ts";

describe("sandbox", () => {
  const box = createSandbox();
  afterAll(() => box.remove());

  it("runs the built git mlgit through git", async () => {
    const { stdout } = await box.mlgit(["version"]);
    expect(stdout).toMatch(/^mlgit version \d/);
  });

  it("keeps the user's git configuration out", async () => {
    const { stdout } = await box.git(["config", "--list", "--show-origin"]);
    expect(stdout.trim().split("\n")).toEqual([`file:${box.home}/.gitconfig\tinit.defaultbranch=main`]);
  });

  it("throws with both outputs when the exit code is not the expected one", async () => {
    await expect(box.git(["rev-parse", "HEAD"])).rejects.toThrow(/expected 0[\s\S]*fatal/);
    expect((await box.git(["rev-parse", "HEAD"], { code: 128 })).code).toBe(128);
  });

  it("makes the same bytes for the same seed", () => {
    expect(randomBytes(1, 1000).equals(randomBytes(1, 1000))).toBe(true);
    expect(randomBytes(1, 1000).equals(randomBytes(2, 1000))).toBe(false);
    const path = box.write("a/b.bin", randomBytes(1, 10));
    expect(sha256(path)).toHaveLength(64);
  });
});
