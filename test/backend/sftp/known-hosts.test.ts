import { createHmac, randomBytes } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import { fingerprint, hostName, KnownHosts, keyText } from "../../../src/backend/sftp/known-hosts.ts";

/** The wire form of a key of a type. */
function keyOf(type: string, seed: number): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(type.length);
  return Buffer.concat([length, Buffer.from(type), Buffer.alloc(40, seed)]);
}

const [key, other] = [keyOf("ssh-ed25519", 1), keyOf("ssh-ed25519", 2)];

describe("known_hosts", () => {
  it.each([
    ["host.example", `host.example ${keyText(key)}`, "known"],
    ["host.example", `other,host.example ${keyText(key)} a comment`, "known"],
    ["host.example", `*.example ${keyText(key)}`, "known"],
    ["host.example", `*.example,!host.example ${keyText(key)}`, "unknown"],
    ["hostxexample", `host.example ${keyText(key)}`, "unknown"],
    ["host.example", `host.example ${keyText(other)}`, "changed"],
    ["host.example", `host.example ${keyText(other)}\nhost.example ${keyText(key)}`, "known"],
    ["host.example", `@revoked * ${keyText(key)}\nhost.example ${keyText(key)}`, "revoked"],
    ["host.example", `@cert-authority * ${keyText(key)}`, "unknown"],
    ["[host.example]:2222", `host.example ${keyText(key)}`, "unknown"],
    ["[host.example]:2222", `[host.example]:2222 ${keyText(key)}`, "known"],
    ["host.example", `# host.example ${keyText(key)}\n\nnonsense`, "unknown"],
  ])("%s by %j is %#: %s", (name, text, expected) => {
    expect(new KnownHosts([text]).judge(name, key)).toBe(expected);
  });

  it("knows hashed names", () => {
    const salt = randomBytes(20);
    const hash = createHmac("sha1", salt).update("host.example").digest("base64");
    const known = new KnownHosts([`|1|${salt.toString("base64")}|${hash} ${keyText(key)}`]);
    expect(known.judge("host.example", key)).toBe("known");
    expect(known.judge("else.example", key)).toBe("unknown");
    expect(known.typesOf("host.example")).toEqual(["ssh-ed25519"]);
  });

  it("writes hosts and fingerprints as ssh does", () => {
    expect(hostName("Host.Example", 22)).toBe("host.example");
    expect(hostName("host", 2222)).toBe("[host]:2222");
    expect(fingerprint(Buffer.from("x"))).toBe("SHA256:LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE");
  });
});
