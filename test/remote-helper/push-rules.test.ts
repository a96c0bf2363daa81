import { describe, expect, it } from "@jest/globals";
import { HelperOptions, unquote } from "../../src/remote-helper/helper-options.ts";
import { assertInnerProtocol } from "../../src/remote-helper/inner-protocol.ts";
import { type PushFacts, parsePushRequest, rejectionOf } from "../../src/remote-helper/push-rules.ts";
import { findFolderClash, isRefName } from "../../src/remote-helper/ref-name.ts";

const [a, b] = ["a".repeat(40), "b".repeat(40)];

function facts(changes: Partial<PushFacts>): PushFacts {
  const history = { has: async () => true, isCommit: async () => true, isAncestor: async () => false };
  const old = "old" in changes ? changes.old : a;
  return {
    next: b,
    nextType: "commit",
    old,
    listed: old,
    lease: undefined,
    head: "refs/heads/main",
    protected: ["refs/heads/release-*"],
    history,
    ...changes,
  };
}

const judge = (text: string, changes: Partial<PushFacts> = {}) =>
  rejectionOf(parsePushRequest(text) ?? { source: "", target: "", force: false }, facts(changes));

describe("a push request", () => {
  it("has a source with spaces and colons, and a target after the last colon", () => {
    expect(parsePushRequest("+HEAD^{/one: two}:refs/heads/a")).toEqual({
      source: "HEAD^{/one: two}",
      target: "refs/heads/a",
      force: true,
    });
    expect(parsePushRequest(":refs/heads/a")).toEqual({ source: "", target: "refs/heads/a", force: false });
    expect(parsePushRequest("refs/heads/a")).toBeUndefined();
  });
});

describe("what is rejected, in git's own words", () => {
  it("keeps history unless forced", async () => {
    expect(await judge("x:refs/heads/a")).toBe("non-fast forward");
    expect(await judge("+x:refs/heads/a")).toBeUndefined();
    expect(await judge("x:refs/heads/a", { old: undefined })).toBeUndefined();
  });

  it("tells commits that are not here from those that are", async () => {
    const history = { has: async () => false, isCommit: async () => true, isAncestor: async () => true };
    expect(await judge("x:refs/heads/a", { history })).toBe("fetch first");
  });

  it("does not move tags", async () => {
    expect(await judge("x:refs/tags/v1")).toBe("already exists");
    expect(await judge("x:refs/tags/v1", { old: b })).toBeUndefined();
  });

  it("keeps a lease, and takes it for permission", async () => {
    expect(await judge("x:refs/heads/a", { lease: a })).toBeUndefined();
    expect(await judge("x:refs/heads/a", { lease: a, listed: a, old: b })).toBe("stale info");
    expect(await judge(":refs/heads/a", { lease: a, listed: a, old: b })).toBe("stale info");
    expect(await judge("x:refs/heads/a", { lease: "", listed: undefined, old: a })).toBe("stale info");
  });

  it("lets --force overrule a lease that git saw broken", async () => {
    expect(await judge("+x:refs/heads/a", { lease: b })).toBeUndefined();
    expect(await judge(":refs/heads/a", { lease: b })).toBeUndefined();
  });

  it("keeps branches commits, HEAD's branch there, and names clean", async () => {
    expect(await judge("x:refs/heads/a", { nextType: "tag", old: undefined })).toBe("a branch must point to a commit");
    expect(await judge(":refs/heads/main")).toBe("deletion of the current branch prohibited");
    expect(await judge("x:refs/heads/a..b")).toBe("funny refname");
  });
});

describe("a protected branch", () => {
  it("grows, and is neither rewritten nor deleted, not even by force", async () => {
    const history = { has: async () => true, isCommit: async () => true, isAncestor: async () => true };
    expect(await judge("x:refs/heads/release-1", { history })).toBeUndefined();
    expect(await judge("+x:refs/heads/release-1", { history })).toBeUndefined();
    expect(await judge("+x:refs/heads/release-1")).toContain("protected");
    expect(await judge("x:refs/heads/release-1", { lease: a })).toContain("protected");
    expect(await judge(":refs/heads/release-1")).toContain("protected");
    expect(await judge("+x:refs/heads/other")).toBeUndefined();
  });
});

describe("names of refs", () => {
  it.each(["refs/heads/ä", "refs/tags/a.b", "refs/mlgit/runs", "refs/heads/a/b/c"])("can be %s", (name) => {
    expect(isRefName(name)).toBe(true);
  });

  it.each([
    "HEAD",
    "refs/heads",
    "refs/heads/",
    "refs/heads/a b",
    "refs/heads/a:b",
    "refs/heads/.a",
    "refs/heads/a.lock",
    "refs/heads/a.lock/b",
    "refs/heads/a\nb",
    "refs/heads/a//b",
    "refs/heads/@{",
    "refs/../x/y",
  ])("cannot be %j", (name) => {
    expect(isRefName(name)).toBe(false);
  });

  it("cannot be a folder of another", () => {
    expect(findFolderClash(["refs/heads/a", "refs/heads/ab"])).toBeUndefined();
    expect(findFolderClash(["refs/heads/a/b", "refs/heads/a"])).toEqual(["refs/heads/a", "refs/heads/a/b"]);
  });
});

describe("options from git", () => {
  it("may be quoted, bytes beyond ASCII in octal", () => {
    expect(unquote("plain text")).toBe("plain text");
    expect(unquote('"a \\"q\\" \\303\\244 \\\\ b"')).toBe('a "q" ä \\ b');
  });

  it("are answered as git needs them", () => {
    const options = new HelperOptions();
    expect(options.set("cas", `refs/heads/a:${"0".repeat(40)}`)).toBe("ok");
    expect(options.leases.get("refs/heads/a")).toBe("");
    expect(options.set("force-if-includes", "true")).toBe("ok");
    expect(options.set("pushcert", "true")).toBe("unsupported");
    expect(options.set("pushcert", "if-asked")).toBe("ok");
    expect(options.set("object-format", "")).toBe("ok");
    expect(options.set("depth", "1")).toBe("ok");
    expect(options.partial).toBe(true);
    expect(options.set("what-is-this", "1")).toBe("unsupported");
  });
});

describe("the protocol inside", () => {
  const config = (values: Record<string, string>) => ({ get: (key: string) => values[key] });

  it("follows git's policy, so that no submodule reads a folder through it", () => {
    const submodule = { GIT_PROTOCOL_FROM_USER: "0" };
    expect(() => assertInnerProtocol("file:///x", config({}), {})).not.toThrow();
    expect(() => assertInnerProtocol("file:///x", config({}), submodule)).toThrow("not allowed");
    expect(() => assertInnerProtocol("s3://b/p", config({}), submodule)).not.toThrow();
    expect(() =>
      assertInnerProtocol("file:///x", config({ "protocol.file.allow": "always" }), submodule),
    ).not.toThrow();
    expect(() => assertInnerProtocol("s3://b/p", config({ "protocol.allow": "never" }), {})).toThrow("not allowed");
    expect(() => assertInnerProtocol("s3://b/p", config({}), { GIT_ALLOW_PROTOCOL: "mlgit:file" })).toThrow();
  });
});
