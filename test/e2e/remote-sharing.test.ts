import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { createStoreRemote } from "../helper/store-remote.ts";

// Each step starts several programs, and the machine may be busy.
jest.setTimeout(240_000);

describe("a team with a folder and no server", () => {
  const box = createStoreRemote();
  afterAll(() => box.remove());

  beforeAll(async () => {
    await box.first("a");
    await box.in("a", "push", "-q", "-u", "origin", "main");
    await box.clone("b");
  });

  it("gets each other's data and commits by pull and push alone", async () => {
    await box.commit("b", "more.bin", Buffer.alloc(2_000_000, "from b "));
    await box.in("b", "push", "-q");
    await box.in("a", "pull", "-q");
    expect(box.read("a/more.bin").equals(box.read("b/more.bin"))).toBe(true);
    expect(await box.in("a", "status", "--porcelain")).toBe("");
  });

  it("keeps signed tags and commits byte for byte", async () => {
    await box.run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", box.path("key")]);
    const [, kind, key] = /^(\S+) (\S+)/.exec(box.read("key.pub").toString()) ?? [];
    box.write("signers", `author@example.com ${kind} ${key}\ncommitter@example.com ${kind} ${key}\n`);
    const signing = ["-c", "gpg.format=ssh", "-c", `user.signingKey=${box.path("key")}`];
    await box.in("a", ...signing, "commit", "-q", "-S", "--allow-empty", "-m", "signed");
    await box.in("a", ...signing, "tag", "-s", "-m", "signed tag", "v1");
    await box.in("a", "push", "-q", "--follow-tags");
    await box.in("b", "pull", "-q");
    const trusting = ["-c", `gpg.ssh.allowedSignersFile=${box.path("signers")}`];
    await box.in("b", ...trusting, "verify-tag", "v1");
    await box.in("b", ...trusting, "verify-commit", "HEAD");
  });

  it("sends with --follow-tags the annotated tags of what is sent, and no others", async () => {
    await box.commit("a", "tagged", "x");
    await box.in("a", "tag", "-m", "annotated", "v2");
    await box.in("a", "tag", "light");
    await box.in("a", "push", "-q", "--follow-tags", "origin", "main");
    const tags = await box.in("b", "ls-remote", "--tags", "--refs", "origin");
    expect(tags).toContain("refs/tags/v2");
    expect(tags).not.toContain("light");
  });

  it("takes push options, which are for the hooks of a server", async () => {
    await box.in("a", "push", "-q", "-o", "ci.skip", "-o", "two words", "origin", "HEAD:refs/heads/options");
    expect(await box.in("a", "ls-remote", "origin", "options")).toContain(await box.in("a", "rev-parse", "HEAD"));
  });

  it("starts from a bundle, and goes on with the remote", async () => {
    await box.in("a", "bundle", "create", "-q", box.path("all.bundle"), "main");
    await box.commit("a", "later", "later");
    await box.in("a", "push", "-q");
    await box.git(["clone", "-q", "-b", "main", box.path("all.bundle"), box.path("bundled")]);
    await box.in("bundled", "remote", "set-url", "origin", box.url);
    await box.in("bundled", "pull", "-q", "--no-rebase");
    expect(await box.in("bundled", "rev-parse", "HEAD")).toBe(await box.in("a", "rev-parse", "HEAD"));
    expect(await box.in("bundled", "status", "--porcelain")).toBe("");
    expect(existsSync(box.path("bundled/later"))).toBe(true);
  });
});
