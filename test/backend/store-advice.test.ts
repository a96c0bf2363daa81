import { describe, expect, it } from "@jest/globals";
import { azureConfig } from "../../src/backend/azure/azure-config.ts";
import { azureError, azurePlace } from "../../src/backend/azure/azure-error.ts";
import { findLogin } from "../../src/backend/azure/azure-login.ts";
import { s3Config } from "../../src/backend/s3/s3-config.ts";
import { storeAdvice } from "../../src/backend/store-advice.ts";

describe("what people are advised to write about a store", () => {
  const url = "s3://bucket/p";

  it("has the name that it has in git's configuration or the tree", () => {
    for (const source of ["git", "tree"] as const)
      expect(storeAdvice({ url, name: "data", source })).toEqual({
        create: "git mlgit store create data",
        endpoint: "git config mlgit.store.data.endpointUrl https://s3.example.com",
      });
  });

  it("names a bucket that is a git remote only, and how it is reached", () => {
    const options = {
      url,
      name: "origin",
      source: "remote",
      endpointUrl: "http://127.0.0.1:9",
      profile: "me",
    } as const;
    expect(storeAdvice(options)).toEqual({
      create:
        "git mlgit store add --local --endpoint-url=http://127.0.0.1:9 --profile=me bucket s3://bucket/p && git mlgit store create bucket",
      endpoint: undefined,
    });
  });

  it("says how a clone names the server, and what there is for a remote without a name", () => {
    const named = storeAdvice({ url, name: "origin", source: "remote" }).endpoint;
    expect(named).toContain("git clone -c remote.origin.mlgitEndpointUrl=https://s3.example.com mlgit::s3://bucket/p");
    expect(storeAdvice({ url, name: url, source: "remote" }).endpoint).toBe("AWS_ENDPOINT_URL=https://s3.example.com");
    expect(storeAdvice({ url }).endpoint).toBe("AWS_ENDPOINT_URL=https://s3.example.com");
  });

  it("is what the error of a container that is not there has", () => {
    const config = azureConfig({ url: "azure://flowers/p", name: "lake", source: "tree" });
    const login = findLogin(config, { AZURE_STORAGE_CONNECTION_STRING: "UseDevelopmentStorage=true" });
    const failed = { key: "mlgit.json", place: azurePlace(config, login) };
    const error = azureError({ code: "ContainerNotFound", statusCode: 404 }, failed);
    expect(error).toMatchObject({ hint: "check its name and the account, or make it: git mlgit store create lake" });
  });

  it("is safe to copy into a shell", () => {
    const name = "x; rm -rf $HOME";
    expect(storeAdvice({ url, name, source: "git" }).create).toBe(`git mlgit store create '${name}'`);
    expect(s3Config({ url, name, source: "remote" }).advice.endpoint).toContain(`'remote.${name}.mlgitEndpointUrl`);
  });
});
