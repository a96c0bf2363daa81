import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { PointerRepository } from "../helper/pointer-repository.ts";

const content = (what: string) => `${what} `.repeat(100);
let repository: PointerRepository;

beforeAll(async () => {
  repository = PointerRepository.create();
  repository.withPointers({
    "a.bin": content("a1"),
    "d/b.bin": content("b1"),
    "d/c.bin": content("c1"),
    "note.txt": "1\n",
  });
  repository.git("switch", "-qc", "side");
  repository.write("a.bin", content("a2"));
  repository.write("new/n.bin", content("n2"));
  repository.commit("side 1");
  repository.write("d/c.bin", content("c2"));
  repository.commit("side 2");
  repository.git("switch", "-q", "main");
  await hydrated(repository);
});

afterAll(() => repository.remove());

/** Hydrates and stamps as is done after a git command, then asks git what it sees. */
async function hydrated(repository: PointerRepository, status = "") {
  await repository.hydrate();
  expect(repository.status()).toEqual({ text: status, cleaned: [] });
  expect(repository.git("diff")).toBe("");
  expect(repository.cleaned()).toEqual([]);
}

describe("after each of git's commands that fill a worktree, git status is clean and reads no hydrated file", () => {
  it("switch and checkout", async () => {
    repository.git("switch", "-q", "side");
    await hydrated(repository);
    expect(repository.read("a.bin")).toBe(content("a2"));
    repository.git("checkout", "-q", "main");
    await hydrated(repository);
    expect(repository.read("a.bin")).toBe(content("a1"));
  });

  it("checkout and restore of single paths", async () => {
    repository.git("checkout", "side", "--", "a.bin");
    await hydrated(repository, "M  a.bin\n");
    repository.git("restore", "--staged", "--worktree", "a.bin");
    await hydrated(repository);
    expect(repository.read("a.bin")).toBe(content("a1"));
  });

  it("reset --hard", async () => {
    repository.write("a.bin", "edited");
    repository.git("reset", "-q", "--hard", "side");
    await hydrated(repository);
    repository.git("reset", "-q", "--hard", "ORIG_HEAD");
    await hydrated(repository);
  });

  it("stash push and pop", async () => {
    repository.write("d/b.bin", content("stashed"));
    repository.git("stash", "push", "-q");
    await hydrated(repository);
    expect(repository.read("d/b.bin")).toBe(content("b1"));
    repository.git("stash", "pop", "-q");
    await repository.hydrate();
    expect(repository.status().text).toBe(" M d/b.bin\n");
    expect(repository.read("d/b.bin")).toBe(content("stashed"));
    repository.git("checkout", "--", "d/b.bin");
    await hydrated(repository);
  });

  it("cherry-pick, rebase and merge", async () => {
    repository.git("switch", "-qc", "other");
    repository.write("note.txt", "2\n");
    repository.commit("other");
    repository.git("cherry-pick", "side~1");
    await hydrated(repository);
    repository.git("rebase", "-q", "side");
    await hydrated(repository);
    expect(repository.read("d/c.bin")).toBe(content("c2"));
    repository.git("switch", "-q", "main");
    repository.git("merge", "-q", "--no-edit", "--no-ff", "other");
    await hydrated(repository);
    expect(repository.read("new/n.bin")).toBe(content("n2"));
  });

  it("worktree add, whose index lies elsewhere", async () => {
    repository.git("worktree", "add", "-q", repository.beside("second"), "side");
    const second = repository.at(repository.beside("second"));
    await hydrated(second);
    expect(second.indexFile).toContain("worktrees");
    expect(second.read("a.bin")).toBe(content("a2"));
    await hydrated(repository);
  });

  it("sparse-checkout", async () => {
    repository.git("sparse-checkout", "set", "d");
    await hydrated(repository);
    repository.git("sparse-checkout", "add", "new");
    await hydrated(repository);
    expect(repository.read("new/n.bin")).toBe(content("n2"));
    repository.git("sparse-checkout", "disable");
    await hydrated(repository);
  });

  it("clone", async () => {
    const settings = repository.git("config", "--get-regexp", "^filter\\.").trim().split("\n");
    const options = settings.flatMap((line) => ["-c", line.replace(" ", "=")]);
    execFileSync("git", ["clone", "-q", ...options, repository.top, repository.beside("clone")]);
    const clone = repository.at(repository.beside("clone"));
    await hydrated(clone);
    expect(clone.read("d/b.bin")).toBe(content("b1"));
  });
});
