import { describe, expect, it } from "@jest/globals";
import { openBackend } from "../../../src/backend/all.ts";
import { rcloneConfig } from "../../../src/backend/rclone/rclone-config.ts";
import { rcloneError } from "../../../src/backend/rclone/rclone-error.ts";
import { failure, pack } from "../contract.ts";

describe("rclone store URLs", () => {
  it.each([
    [{ url: "rclone:drive:data/x/" }, "drive:data/x"],
    [{ url: "rclone:disk:/srv/data" }, "disk:/srv/data"],
    [{ url: "rclone:drive:" }, "drive:"],
    [{ url: "rclone://drive/data/x" }, "drive:data/x"],
    [{ url: "gdriveh://folder/x" }, "gdrive:folder/x"],
    [{ url: "gdriveh://folder", profile: "my drive" }, "my drive:folder"],
    [{ url: "gs://bucket/x" }, "gs:bucket/x"],
  ])("%j is %s", (options, fs) => {
    expect(rcloneConfig(options).fs).toBe(fs);
  });

  it.each([
    "rclone:drive",
    "rclone::local:/etc",
    "rclone:-x:y",
    "rclone:local,copy=1:/x",
    "rclone:a:x]y",
    "rclone:a:x/../y",
  ])("%s is refused", async (url) => {
    expect((await failure(openBackend({ url }))).kind).toBe("setup");
  });

  it("leave a Google bucket to S3 where its endpoint is named", async () => {
    const backend = await openBackend({ url: "gs://bucket/x", endpointUrl: "https://storage.googleapis.com" });
    expect(backend.location).toContain("https://storage.googleapis.com");
    expect(backend.properties.exclusiveCreate).not.toBe(true);
    await backend.close();
  });
});

describe("what rclone says", () => {
  const explain = (error: string, status = 500) =>
    rcloneError(status, JSON.stringify({ error }), { key: "packs/x", remote: "drive" });

  it.each([
    ["object not found", "missing"],
    ["error in ListJSON: directory not found", "missing"],
    ["didn't find section in config file", "setup"],
    ["googleapi: Error 403: The user's Drive storage quota has been exceeded., storageQuotaExceeded", "disk"],
    ["oauth2: invalid_grant", "denied"],
    ["dial tcp: lookup x: no such host", "unreachable"],
    ["something new", "unreachable"],
  ])("is understood: %s", (text, kind) => {
    const error = explain(text, kind === "missing" ? 404 : 500);
    expect(error.kind).toBe(kind);
    if (kind !== "missing") expect(error.message).toContain(text);
  });

  it("is shown without passwords", () => {
    expect(explain("Get https://me:hunter2@host/x?token=hunter2: EOF").message).not.toContain("hunter2");
  });
});

describe("rclone backend without rclone", () => {
  it("says how to get it", async () => {
    const path = process.env.PATH;
    process.env.PATH = "/nowhere";
    try {
      const backend = await openBackend({ url: "rclone:x:y" });
      const error = await failure(backend.stat(pack()));
      expect(error).toMatchObject({ kind: "setup", hint: expect.stringContaining("apt-get install rclone") });
      await backend.close();
    } finally {
      process.env.PATH = path ?? "";
    }
  });
});
