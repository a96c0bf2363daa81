import { describe, expect, it } from "@jest/globals";
import { parsePushLines } from "../../src/git/push-lines.ts";

const [a, b, none] = ["a".repeat(40), "b".repeat(40), "0".repeat(40)];

describe("what git tells the hook before a push", () => {
  it("may name the local side by an expression with spaces", () => {
    expect(parsePushLines(`HEAD^{/two words} ${a} refs/heads/x ${b}\n`)).toEqual([
      { localRef: "HEAD^{/two words}", localOid: a, remoteRef: "refs/heads/x", remoteOid: b },
    ]);
  });

  it("has deletions and new refs", () => {
    expect(parsePushLines(`(delete) ${none} refs/tags/v ${b}\nrefs/heads/y ${a} refs/heads/y ${none}\n`)).toEqual([
      { localRef: "(delete)", localOid: undefined, remoteRef: "refs/tags/v", remoteOid: b },
      { localRef: "refs/heads/y", localOid: a, remoteRef: "refs/heads/y", remoteOid: undefined },
    ]);
  });
});
