import { afterEach, describe, expect, it } from "@jest/globals";
import { openBackend } from "../../../src/backend/all.ts";
import { azureConfig } from "../../../src/backend/azure/azure-config.ts";
import { findLogin } from "../../../src/backend/azure/azure-login.ts";
import type { BackendOptions } from "../../../src/backend/backend.ts";
import { useAzureEnv } from "../../helper/azure-server.ts";
import { failure, format } from "../contract.ts";

const key = "aGVsbG8h";
const full = `DefaultEndpointsProtocol=https;AccountName=mine;AccountKey=${key};EndpointSuffix=core.windows.net`;
const find = (options: Partial<BackendOptions>, env: Record<string, string>) =>
  findLogin(azureConfig({ url: "azure://box/p", ...options }), env);

function thrown(work: () => unknown): { kind?: string; message: string; hint?: string } {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error("it was expected to fail, and did not");
}

describe("Azure's credentials", () => {
  it("come from a connection string, with its account and endpoint", () => {
    expect(find({}, { AZURE_STORAGE_CONNECTION_STRING: full })).toEqual({
      account: "mine",
      endpoint: "https://mine.blob.core.windows.net",
      credential: { kind: "key", key },
    });
    const signed = "BlobEndpoint=https://theirs.blob.core.windows.net/;SharedAccessSignature=?sv=1&sig=abc%3D";
    expect(find({}, { AZURE_STORAGE_CONNECTION_STRING: signed })).toEqual({
      account: "theirs",
      endpoint: "https://theirs.blob.core.windows.net",
      credential: { kind: "sas", token: "sv=1&sig=abc%3D" },
    });
    expect(find({}, { AZURE_STORAGE_CONNECTION_STRING: "UseDevelopmentStorage=true" })).toMatchObject({
      account: "devstoreaccount1",
      endpoint: "http://127.0.0.1:10000/devstoreaccount1",
    });
  });

  it("are never those of another account than the store's", () => {
    const other = find({ account: "other" }, { AZURE_STORAGE_CONNECTION_STRING: full });
    expect(other).toMatchObject({ account: "other", endpoint: "https://other.blob.core.windows.net" });
    expect(other.credential).toEqual({ kind: "entra" });
    expect(other.unused).toContain("account mine");
    const env = { AZURE_STORAGE_ACCOUNT: "mine", AZURE_STORAGE_KEY: key, AZURE_STORAGE_SAS_TOKEN: "?sig=x" };
    expect(find({ account: "other" }, env).credential).toEqual({ kind: "entra" });
    expect(find({ endpointUrl: "https://other.blob.core.usgovcloudapi.net" }, env).credential).toEqual({
      kind: "entra",
    });
    expect(find({}, env)).toMatchObject({ account: "mine", credential: { kind: "key", key } });
  });

  it("are those of the login where nothing else is set, or where that is wanted", () => {
    expect(find({ account: "mine" }, {}).credential).toEqual({ kind: "entra" });
    const env = { AZURE_STORAGE_AUTH_MODE: "login", AZURE_STORAGE_CONNECTION_STRING: full, AZURE_STORAGE_KEY: key };
    expect(find({}, env)).toMatchObject({ account: "mine", credential: { kind: "entra" } });
  });

  it("want an account that somebody named", () => {
    for (const options of [{}, { endpointUrl: "https://blobs.example.com" }]) {
      const error = thrown(() => find(options, {}));
      expect(error.kind).toBe("setup");
      expect(error.hint).toMatch(/mlgit\.store\.<name>\.account.*AZURE_STORAGE_ACCOUNT/);
    }
    expect(find({ endpointUrl: "https://blobs.example.com", account: "mine" }, {}).account).toBe("mine");
    expect(find({ endpointUrl: "http://127.0.0.1:9/mine" }, {}).account).toBe("mine");
  });

  it("are not shown when they make no sense", () => {
    const bad = [
      { AZURE_STORAGE_CONNECTION_STRING: "hunter2" },
      { AZURE_STORAGE_CONNECTION_STRING: "AccountName=a;AccountKey=hunter2" },
      { AZURE_STORAGE_CONNECTION_STRING: "AccountName=mine" },
      { AZURE_STORAGE_ACCOUNT: "mine", AZURE_STORAGE_KEY: "hunter2" },
      { AZURE_STORAGE_ACCOUNT: "https://x" },
    ];
    for (const env of bad) {
      const error = thrown(() => find({}, env));
      expect(error.kind).toBe("setup");
      expect(`${error.message} ${error.hint}`).not.toContain("hunter2");
    }
  });

  it("are refused in a URL, as are names that Azure does not have", () => {
    const bad: Partial<BackendOptions>[] = [
      { url: "azure://box/p?sig=hunter2" },
      { url: "azure://me:hunter2@box/p" },
      { url: "azure://Box" },
      { url: "azure://a--b" },
      { url: "azure://box/../p" },
      { account: "evil.example/#" },
      { endpointUrl: "https://x.blob.core.windows.net/?sig=hunter2" },
      { profile: "work" },
    ];
    for (const options of bad) {
      const error = thrown(() => azureConfig({ url: "azure://box", ...options }));
      expect(error.kind).toBe("setup");
      expect(`${error.message} ${error.hint}`).not.toContain("hunter2");
    }
  });
});

describe("Azure's login chain", () => {
  let restore = () => {};
  afterEach(() => restore());

  it("says in one sentence that it found nothing, and what to set", async () => {
    restore = useAzureEnv({ AZURE_TOKEN_CREDENTIALS: "EnvironmentCredential" });
    const backend = await openBackend({ url: "azureblobh://box/p", account: "nobodyatall" });
    expect(backend.location).toBe("azure://box/p/ at account nobodyatall");
    const error = await failure(backend.stat(format));
    await backend.close();
    expect(error).toMatchObject({ kind: "denied", message: "storage account nobodyatall: no credentials were found" });
    expect(error.hint).toMatch(/AZURE_STORAGE_CONNECTION_STRING.*az login/);
  });

  it("sends no token over a line that anybody can read", async () => {
    restore = useAzureEnv({});
    const backend = await openBackend({ url: "azure://box/p", endpointUrl: "http://127.0.0.1:1/mine" });
    expect(await failure(backend.stat(format))).toMatchObject({ kind: "setup" });
    await backend.close();
  });
});
