import { describe, expect, it } from "@jest/globals";
import { redactText, redactValue } from "../../src/log/redact.ts";

describe("redacting", () => {
  it("takes user and password out of URLs", () => {
    expect(redactText("cannot reach https://me:s3cret@host/x and sftp://me@host")).toBe(
      "cannot reach https://***@host/x and sftp://***@host",
    );
  });

  it("takes signatures out of presigned URLs and leaves the rest", () => {
    expect(redactText("https://h/k?X-Amz-Date=1&X-Amz-Signature=abc&partNumber=2")).toBe(
      "https://h/k?X-Amz-Date=1&X-Amz-Signature=***&partNumber=2",
    );
  });

  it("hides values under secret names, however deep, and in errors", () => {
    const error = new Error("GET https://u:p@h failed", { cause: { secretAccessKey: "k" } });
    const safe = redactValue({ path: "data/x", options: { accessKeyId: "AKIA", sessionToken: "t" }, error });
    const text = JSON.stringify(safe);
    expect(text).toContain("data/x");
    expect(text).not.toMatch(/AKIA|"t"|u:p|"k"/);
  });
});
