import { describe, expect, it } from "@jest/globals";
import { openBackend } from "../../src/backend/all.ts";
import { fileConfig, fileUrl } from "../../src/backend/file/file-config.ts";
import { parseStoreUrl, redactUrl } from "../../src/backend/location.ts";
import { failure } from "./contract.ts";

describe("store URLs", () => {
  it("are split without decoding", () => {
    expect(parseStoreUrl("S3://Bucket/a%20b/c")).toEqual({ scheme: "s3", authority: "Bucket", path: "/a%20b/c" });
    expect(parseStoreUrl("s3h://bucket")).toEqual({ scheme: "s3h", authority: "bucket", path: "" });
  });

  it("are refused when they hold credentials, without showing them", async () => {
    for (const url of [
      "s3://key:hunter2@bucket/x",
      "https://host/x?X-Amz-Signature=hunter2",
      "sftp://me:hunter2@host/x",
    ]) {
      const error = await failure(openBackend({ url }));
      expect(error.kind).toBe("setup");
      expect(`${error.message} ${error.hint}`).not.toContain("hunter2");
    }
  });

  it("of an unknown kind are refused with the list of known ones", async () => {
    const error = await failure(openBackend({ url: "gopher://x/y" }));
    expect(error).toMatchObject({ kind: "setup" });
    expect(error.hint).toContain("file://");
  });

  it("that are no URLs say how to write one", async () => {
    for (const url of ["", "/tmp/store", "file:store", "bucket"]) {
      expect(await failure(openBackend({ url }))).toMatchObject({ kind: "setup" });
    }
    expect((await failure(openBackend({ url: "file:store" }))).hint).toContain("absolute");
  });

  it("lose passwords and secret parameters when they are shown", () => {
    expect(redactUrl("https://u:p@h/x?a=1&sig=abc&b=2")).toBe("https://***@h/x?a=1&sig=***&b=2");
    expect(redactUrl("sftp://user@host/x")).toBe("sftp://user@host/x");
  });
});

describe("folder URLs", () => {
  it("name an absolute folder, with escapes decoded", () => {
    expect(fileConfig({ url: "file:///a%20b/c%23d/" }).folder).toBe("/a b/c#d");
    expect(fileConfig({ url: "file:///a b/é" }).folder).toBe("/a b/é");
    for (const folder of ["/a b/c#d?e%f", "/ü/文", "/x\\y"])
      expect(fileConfig({ url: fileUrl(folder) }).folder).toBe(folder);
  });

  it("of another machine, of the root, or with a query are refused", () => {
    for (const url of [
      "file://host/x",
      "file:///",
      "file:///../..",
      "file:///a?b",
      "file:///a#b",
      "file:///a%",
      "file:///a%2Fb",
    ])
      expect(() => fileConfig({ url })).toThrow("not a folder");
  });
});
