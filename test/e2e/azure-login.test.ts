import { chmodSync } from "node:fs";
import { delimiter } from "node:path";
import { afterAll, beforeAll, expect, it, jest } from "@jest/globals";
import { type AzureServer, describeWithAzure, startAzure } from "../helper/azure-server.ts";
import { createSandbox, type Sandbox } from "../helper/sandbox.ts";

jest.setTimeout(240_000);

/** What Azurite looks at in a token: who made it, for what, until when. It checks no signature. */
function token(seconds: number): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: "https://sts.windows.net/x/",
    aud: "https://storage.azure.com",
    nbf: now - 60,
    iat: now - 60,
    exp: now + seconds,
  };
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${encode({ alg: "HS256", typ: "JWT" })}.${encode(claims)}.c2lnbmF0dXJl`;
}

describeWithAzure("a store in Azure and a login of az", () => {
  let box: Sandbox;
  let server: AzureServer;
  let env: Record<string, string>;
  const test = (more: Record<string, string>, code: number) =>
    box.mlgit(["store", "test", "cloud"], { cwd: box.path("r"), env: { ...env, ...more }, code });
  const setAz = (body: string) => chmodSync(box.write("bin/az", `#!/bin/sh\n${body}\n`), 0o755);
  beforeAll(async () => {
    box = createSandbox();
    const [key, cert] = [box.path("key.pem"), box.path("own.pem")];
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", cert];
    await box.run("openssl", [
      "req",
      "-x509",
      ...curve,
      "-subj",
      "/CN=localhost",
      "-addext",
      "subjectAltName=IP:127.0.0.1",
    ]);
    server = await startAzure({ key, cert });
    await box.init("r");
    for (const [name, value] of Object.entries({ url: "azure://box/p", endpointUrl: server.endpoint }))
      await box.git(["config", "--global", `mlgit.store.cloud.${name}`, value]);
    const path = [box.path("bin"), box.env.PATH].join(delimiter);
    env = { AZURE_TOKEN_CREDENTIALS: "AzureCliCredential", NODE_EXTRA_CA_CERTS: cert, PATH: path };
  });
  afterAll(async () => {
    await server?.stop();
    box?.remove();
  });

  it("is used over TLS with a certificate of one's own authority, where nothing else is set", async () => {
    setAz(`echo '{"accessToken": "${token(3600)}", "expires_on": ${Math.floor(Date.now() / 1000) + 3600}}'`);
    expect((await test({ NODE_EXTRA_CA_CERTS: "" }, 6)).stderr).toContain("certificate");
    await box.mlgit(["store", "create", "cloud"], { cwd: box.path("r"), env });
    expect((await test({}, 0)).stdout).toContain("compare-and-swap in a race: kept");
  });

  it("says in two lines that there is none, or that it is not accepted", async () => {
    setAz("echo \"ERROR: Please run 'az login' to setup account.\" >&2; exit 1");
    const none = (await test({}, 7)).stderr.trim();
    expect(none).toMatch(/no credentials were found\nhint: .*az login$/);
    setAz(`echo '{"accessToken": "${token(-30)}", "expires_on": ${Math.floor(Date.now() / 1000) + 3600}}'`);
    const stale = (await test({}, 7)).stderr.trim();
    expect(stale.split("\n")).toHaveLength(2);
    expect(stale).toMatch(/403|401/);
  });
});
