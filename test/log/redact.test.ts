import { describe, expect, it } from "@jest/globals";
import { redactParameters, redactText, redactValue, redactWords } from "../../src/log/redact.ts";

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

  it.each([
    ["train --api-key abc123 --lr 0.1", "train --api-key *** --lr 0.1"],
    ["train --db-password='a b' x", "train --db-password=*** x"],
    ["AWS_SECRET_ACCESS_KEY=abc HF_TOKEN=x python t.py", "AWS_SECRET_ACCESS_KEY=*** HF_TOKEN=*** python t.py"],
    ['curl -d \'{"password": "abc", "user": "u"}\'', 'curl -d \'{"password": ***, "user": "u"}\''],
    ["login AKIAIOSFODNN7EXAMPLE", "login ***"],
    ["curl -u me:abc -sS x", "curl -u me:*** -sS x"],
    ["curl --proxy-user 'me:abc' x; curl --user=me:abc", "curl --proxy-user 'me:***' x; curl --user=me:***"],
    ["docker run -u me:users x; sort -u a:b/c", "docker run -u me:users x; sort -u a:b/c"],
    [`git clone ${`ghp_${"a".repeat(36)}`}`, "git clone ***"],
    [
      "train --tokens 512 --max_token_length 128 tokenizer.json",
      "train --tokens 512 --max_token_length 128 tokenizer.json",
    ],
    ["python train.py --lr 0.1 -o models/secretary.bin", "python train.py --lr 0.1 -o models/secretary.bin"],
  ])("takes %j apart right", (text, expected) => {
    expect(redactText(text)).toBe(expected);
  });

  it("hides parameters by their names, and no numbers", () => {
    const parameters = {
      "db.password": "x",
      max_token: 512,
      tokenizer: "bpe",
      deep: { api_key: "k", url: "s3://u:p@h" },
    };
    expect(redactParameters(parameters)).toEqual({
      "db.password": "***",
      max_token: 512,
      tokenizer: "bpe",
      deep: { api_key: "***", url: "s3://***@h" },
    });
  });

  it("hides the word after an option that says secret, in a list of words", () => {
    expect(redactWords(["/usr/bin/curl", "-u", "me:abc", "-s", "--user=a:b", "x"])).toEqual([
      "/usr/bin/curl",
      "-u",
      "me:***",
      "-s",
      "--user=a:***",
      "x",
    ]);
    expect(redactWords(["docker", "run", "-u", "me:users"])).toEqual(["docker", "run", "-u", "me:users"]);
    expect(redactWords(["t", "--token", "abc", "--lr", "1", "--password=x"])).toEqual([
      "t",
      "--token",
      "***",
      "--lr",
      "1",
      "--password=***",
    ]);
  });
});
