import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { createSandbox, type Sandbox } from "../helper/sandbox.ts";

describe("a server with a certificate of one's own authority", () => {
  let box: Sandbox;
  let server: Server;
  const test = (env: Readonly<Record<string, string>>, code: number) =>
    box.mlgit(["store", "test", "own"], {
      cwd: box.path("r"),
      code,
      env: { AWS_ACCESS_KEY_ID: "nobody", AWS_SECRET_ACCESS_KEY: "nothing", AWS_REGION: "us-east-1", ...env },
    });
  beforeAll(async () => {
    box = await createSandbox();
    const files = ["-keyout", box.path("key.pem"), "-out", box.path("own.pem")];
    const name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
    await box.run("openssl", [
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      ...files,
      ...name,
    ]);
    const pem = (file: string) => readFileSync(box.path(file));
    server = createServer({ key: pem("key.pem"), cert: pem("own.pem") }, (_, answer) => {
      answer.writeHead(403, { "Content-Type": "application/xml" });
      answer.end("<Error><Code>AccessDenied</Code><Message>no</Message></Error>");
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    await box.git(["init", "-q", box.path("r")]);
    await box.git(["config", "--global", "mlgit.store.own.url", "s3://bucket/prefix"]);
    await box.git(["config", "--global", "mlgit.store.own.endpointUrl", `https://127.0.0.1:${port}`]);
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await box.remove();
  });

  it("is not trusted", async () => {
    expect((await test({}, 6)).stderr).toMatch(/certificate/);
  }, 120_000);

  it("is trusted when NODE_EXTRA_CA_CERTS names it", async () => {
    expect((await test({ NODE_EXTRA_CA_CERTS: box.path("own.pem") }, 7)).stderr).not.toMatch(/certificate/);
  });

  it("is trusted by a bucket's store when AWS_CA_BUNDLE names it, as by other programs", async () => {
    expect((await test({ AWS_CA_BUNDLE: box.path("own.pem") }, 7)).stderr).not.toMatch(/certificate/);
    expect((await test({ AWS_CA_BUNDLE: box.path("none.pem") }, 6)).stderr).toContain("set AWS_CA_BUNDLE to its file");
  }, 120_000);

  it("is told of when NODE_EXTRA_CA_CERTS names no file", async () => {
    const { stderr } = await test({ NODE_EXTRA_CA_CERTS: box.path("none.pem") }, 6);
    expect(stderr).toContain(`Ignoring extra certs from ${box.path("none.pem")}: ENOENT`);
  }, 120_000);

  it("is known to the programs that mlgit starts", async () => {
    const env = { NODE_EXTRA_CA_CERTS: box.path("own.pem") };
    const command = "echo $NODE_EXTRA_CA_CERTS:$MLGIT_EXTRA_CA_CERTS > seen";
    await box.mlgit(["run", "-n", "see", "-O", "seen", "--", command], { cwd: box.path("r"), env });
    expect(box.read("r/seen").toString().trim()).toBe(`${box.path("own.pem")}:`);
  });
});
