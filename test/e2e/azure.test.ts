import { afterAll, beforeAll, expect, it, jest } from "@jest/globals";
import { type AzureServer, describeWithAzure, startAzure } from "../helper/azure-server.ts";
import { randomBytes } from "../helper/sandbox.ts";
import { type Clone, createProject, createTeam, type Team } from "../helper/team.ts";

jest.setTimeout(240_000);

describeWithAzure("plain git with a store in Azure", () => {
  const large = randomBytes("to azure", 20_000_000);
  let server: AzureServer;
  let team: Team;
  let work: Clone;
  let env: Readonly<Record<string, string>>;
  beforeAll(async () => {
    server = await startAzure();
    env = server.env;
    team = await createTeam();
    work = await createProject(team);
  });
  afterAll(async () => {
    team?.box.remove();
    await server?.stop();
  });

  it("is named, made and tried", async () => {
    await work.mlgit(["store", "add", "cloud", "azure://datasets/flowers"], { env });
    expect((await work.mlgit(["store", "test", "cloud"], { env, code: 6 })).stderr).toMatch(
      /no such container[\s\S]*git mlgit store create/,
    );
    const versioned = await work.mlgit(["store", "create", "--versioned", "cloud"], { env, code: 9 });
    expect(versioned.stderr).toContain("az storage account blob-service-properties update");
    expect((await work.mlgit(["store", "create", "cloud"], { env })).stdout).toMatch(
      /^made azure:\/\/datasets\/flowers/,
    );
    expect((await work.mlgit(["store", "create", "cloud"], { env })).stdout).toContain("is there already");
    const { stdout } = await work.mlgit(["store", "test", "cloud"], { env });
    expect(stdout).toContain("exclusive creation in a race: kept");
    expect(stdout).toContain("compare-and-swap in a race: kept");
    expect(stdout).toContain("its refs swapped in one step");
    // Nothing of the trial stays behind.
    const left = [];
    for await (const { name } of server.service.getContainerClient("datasets").listBlobsFlat()) left.push(name);
    expect(left).toEqual([]);
  });

  it("takes a push, and a clone has every byte", async () => {
    work.write("large.bin", large);
    for (let i = 0; i < 20; i++) work.write(`data/${i}`, `small ${i}`);
    await work.commit();
    await work.git(["push", "-q", "origin", "main"], { env });
    const clone = await team.clone("clone", { args: ["-b", "main"], env });
    expect(clone.read("large.bin").equals(large)).toBe(true);
    for (let i = 0; i < 20; i++) expect(clone.read(`data/${i}`).toString()).toBe(`small ${i}`);
    expect(await clone.status()).toBe("");
    await clone.mlgit(["fsck", "--store"], { env });
  });

  it("does not speak to an account that only the repository's files name before it is trusted", async () => {
    const config = `stores:\n  cloud:\n    url: azure://datasets/flowers\n    account: mlgittest\n`;
    const clone = await team.clone("careful", { args: ["-b", "main", "-c", "mlgit.hydrate=none"] });
    clone.write(".mlgit/config.yaml", config);
    const { stderr } = await clone.mlgit(["store", "test", "cloud"], { env, code: 11 });
    expect(stderr).toContain("your credentials would be used in the storage account mlgittest");
    await clone.mlgit(["store", "trust", "cloud"], { env });
    expect((await clone.mlgit(["store", "list"], { env })).stdout).toContain("azure://datasets/flowers");
    await clone.mlgit(["hydrate", "large.bin"], { env });
    expect(clone.read("large.bin").equals(large)).toBe(true);
  });

  it("keeps a whole git repository, whose refs have one winner: mlgit::azure://", async () => {
    const url = "mlgit::azure://datasets/repository";
    await work.git(["push", "-q", url, "main"], { env });
    const names = [];
    for await (const { name } of server.service
      .getContainerClient("datasets")
      .listBlobsFlat({ prefix: "repository/git/" }))
      names.push(name);
    expect(names).toContain("repository/git/root.json");
    await team.box.git(["clone", "-q", "-b", "main", url, team.box.path("from-azure")], { env });
    const clone = team.at(team.box.path("from-azure"));
    expect(clone.read("large.bin").equals(large)).toBe(true);
    clone.write("data/theirs", "theirs");
    work.write("data/ours", "ours");
    await clone.commit();
    await work.commit();
    const pushes = await Promise.all([clone, work].map((one) => one.git(["push", url, "main"], { env, code: "any" })));
    expect(pushes.map(({ code }) => code).sort()).toEqual([0, 1]);
    expect(pushes.find(({ code }) => code !== 0)?.stderr).toMatch(/fetch first|rejected/);
  });

  it("says what to set where nothing is: no account, no credentials", async () => {
    const nothing = await work.mlgit(["store", "test", "cloud"], { code: 3 });
    expect(nothing.stderr).toMatch(/in which storage account[\s\S]*AZURE_STORAGE_ACCOUNT/);
    const only = { AZURE_STORAGE_ACCOUNT: "nobodyatall", AZURE_TOKEN_CREDENTIALS: "EnvironmentCredential" };
    const { stderr } = await work.mlgit(["store", "test", "cloud"], { env: only, code: 7 });
    expect(stderr).toMatch(/no credentials were found[\s\S]*hint: [^\n]*az login/);
    expect(stderr.trim().split("\n")).toHaveLength(2);
  });
});
