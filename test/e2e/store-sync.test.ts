import { spawn } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { describeWithS3, type S3Server } from "../helper/s3-server.ts";
import { randomBytes } from "../helper/sandbox.ts";
import { type Clone, createProject, createTeam, type Team } from "../helper/team.ts";
import { FaultProxy } from "../server/fault-proxy.ts";

async function projectWithThreePacks(team: Team): Promise<Clone> {
  const work = await createProject(team);
  await work.mlgit(["store", "add", "old", team.box.path("old")]);
  for (const name of ["one", "two", "three"]) {
    work.write(`${name}.bin`, randomBytes(name, 700_000));
    await work.commit(name);
    await work.git(["push", "-q", "origin", "main"]);
  }
  return work;
}

describe("git mlgit store sync", () => {
  let team: Team;
  let work: Clone;
  const sync = async (args: string[], code = 0) =>
    JSON.parse((await work.mlgit(["store", "sync", ...args, "--json"], { code })).stdout);
  const packs = (store: string) =>
    readdirSync(team.box.path(store, "packs"), { recursive: true, withFileTypes: true })
      .filter((one) => one.isFile())
      .map((one) => join(one.parentPath, one.name));
  beforeAll(async () => {
    team = await createTeam();
    for (const name of ["old", "new"]) team.box.write(`${name}/.keep`, "");
    work = await projectWithThreePacks(team);
    await work.mlgit(["store", "add", "new", team.box.path("new")]);
  }, 240_000);
  afterAll(() => team.box.remove());

  it("foretells what it would copy and touches nothing", async () => {
    expect(await sync(["-n", "old", "new"])).toMatchObject({
      dryRun: true,
      contents: 3,
      missing: 3,
      packs: 3,
      lost: [],
    });
    expect(readdirSync(team.box.path("new"))).toEqual([".keep"]);
    await work.mlgit(["store", "sync", "old", "old"], { code: 2 });
    await work.mlgit(["store", "sync", "old", "nowhere"], { code: 3 });
  }, 120_000);

  it("copies everything and then nothing", async () => {
    expect(await sync(["old", "new"])).toMatchObject({ contents: 3, copied: 3, packs: 3, lost: [] });
    expect(await sync(["old", "new"])).toMatchObject({ copied: 0, packs: 0, bytes: 0 });
    expect((await work.mlgit(["store", "sync", "new", "old"])).stdout).toContain("has everything");
  }, 120_000);

  it("sends the rest when a copy was killed half-way: packs are there and no index names them", async () => {
    rmSync(team.box.path("new/index"), { recursive: true });
    rmSync(packs("new")[0] ?? "");
    expect(await sync(["old", "new"])).toMatchObject({ copied: 3, packs: 1 });
  }, 120_000);

  it("mends a lost pack, and a damaged one when it reads all back", async () => {
    const [lost = "", damaged = ""] = packs("new");
    rmSync(lost);
    expect(await sync(["old", "new"])).toMatchObject({ copied: 1, packs: 1 });
    const bytes = readFileSync(damaged);
    bytes[2000] = (bytes[2000] ?? 0) ^ 1;
    rmSync(damaged);
    writeFileSync(damaged, bytes);
    expect(await sync(["old", "new"])).toMatchObject({ copied: 0 });
    expect(await sync(["--paranoid", "old", "new"])).toMatchObject({ copied: 1, packs: 1, lost: [] });
    expect(await sync(["--paranoid", "old", "new"])).toMatchObject({ copied: 0 });
  }, 120_000);

  it("writes a damaged index segment anew when it reads all back, though a copy of it is here", async () => {
    const [segment = ""] = readdirSync(team.box.path("new/index"));
    const path = team.box.path("new/index", segment);
    const bytes = readFileSync(path);
    bytes[60] = (bytes[60] ?? 0) ^ 1;
    rmSync(path);
    writeFileSync(path, bytes);
    expect(await sync(["-n", "--paranoid", "old", "new"])).toMatchObject({ damagedSegments: [segment] });
    expect(readFileSync(path)).toEqual(bytes);
    expect(await sync(["--paranoid", "old", "new"])).toMatchObject({ copied: 0, damagedSegments: [segment] });
    // A clone reads what is there, and has no copy.
    rmSync(join(work.top, ".git/mlgit/index"), { recursive: true });
    expect(await sync(["--paranoid", "new", "old"])).toMatchObject({ contents: 3, lost: [], damagedSegments: [] });
  }, 120_000);

  it("brings back what was taken out of an index, since its pack is damaged and nobody had another copy", async () => {
    const lacking = await team.clone("lacking", { args: ["-b", "main", "-c", "mlgit.hydrate=none"] });
    for (let tries = 0; tries < 2; tries++) {
      const damaged = packs("old")[tries] ?? "";
      const right = readFileSync(damaged);
      const bytes = Buffer.from(right);
      bytes[2000] = (bytes[2000] ?? 0) ^ 1;
      rmSync(damaged);
      writeFileSync(damaged, bytes);
      await lacking.mlgit(["fsck", "--store", "--paranoid", "--fix"], { code: 5 });
      expect(await sync(["new", "old"])).toMatchObject({ copied: 1, packs: 1, lost: [] });
      expect(readFileSync(damaged)).toEqual(right);
      expect(await sync(["--paranoid", "new", "old"])).toMatchObject({ copied: 0 });
    }
    await lacking.mlgit(["fsck", "--store", "--paranoid"]);
  }, 120_000);

  it("is content with another pack of the second store where the one that was named first is damaged, and so are readers", async () => {
    for (const name of ["there", "here"]) team.box.write(`${name}/.keep`, "");
    await work.mlgit(["store", "add", "there", team.box.path("there")]);
    await work.mlgit(["store", "add", "here", team.box.path("here")]);
    await sync(["new", "here"]);
    await sync(["here", "there"]);
    const [lost = ""] = packs("here");
    const damaged = lost.replace(team.box.path("here"), team.box.path("there"));
    const bytes = readFileSync(damaged);
    bytes[2000] = (bytes[2000] ?? 0) ^ 1;
    rmSync(damaged);
    writeFileSync(damaged, bytes);
    rmSync(lost);
    await work.git(["config", "remote.origin.mlgitStore", "here"]);
    await work.mlgit(["fsck", "--store", "--fix"]);
    expect(await sync(["--paranoid", "here", "there"])).toMatchObject({ copied: 1, packs: 1, lost: [] });
    expect(await sync(["--paranoid", "here", "there"])).toMatchObject({ copied: 0 });
    const only = ["old", "new", "here"].flatMap((name) => [
      "-c",
      `mlgit.store.${name}.url=file://${team.box.path("nowhere")}`,
    ]);
    const args = [
      "-b",
      "main",
      ...only,
      "-c",
      "remote.origin.mlgitStore=there",
      "-c",
      `mlgit.store.there.url=file://${team.box.path("there")}`,
    ];
    const clone = await team.clone("reader", { args });
    for (const name of ["one", "two", "three"]) expect(clone.read(`${name}.bin`)).toEqual(randomBytes(name, 700_000));
    await work.git(["config", "--unset", "remote.origin.mlgitStore"]);
    for (const name of ["here", "there"]) await work.mlgit(["store", "remove", name]);
  }, 120_000);

  it("does not copy damage: the rest goes, and it says what did not", async () => {
    team.box.write("third/.keep", "");
    await work.mlgit(["store", "add", "third", team.box.path("third")]);
    const damaged = packs("old")[0] ?? "";
    const bytes = readFileSync(damaged);
    const right = Buffer.from(bytes);
    bytes[2000] = (bytes[2000] ?? 0) ^ 1;
    rmSync(damaged);
    writeFileSync(damaged, bytes);
    const report = await sync(["old", "third"], 1);
    expect(report).toMatchObject({ copied: 2, packs: 2 });
    expect(report.lost).toHaveLength(1);
    writeFileSync(damaged, right);
    expect(await sync(["old", "third"])).toMatchObject({ copied: 1, packs: 1, lost: [] });
  }, 120_000);
});

describeWithS3("git mlgit store sync, killed", (startServer) => {
  let team: Team;
  let proxy: FaultProxy;
  afterAll(async () => {
    await proxy?.close();
    team?.box.remove();
  });

  it("goes on where kill -9 ended it: what arrived stays, nothing was named too early, all of it comes", async () => {
    const server = await startServer();
    team = await createTeam();
    team.box.write("old/.keep", "");
    proxy = await FaultProxy.start(Number(new URL(server.endpoint).port));
    const work = await projectWithThreePacks(team);
    work.write("large.bin", randomBytes("large", 8_000_000));
    await work.commit("large");
    await work.git(["push", "-q", "origin", "main"]);
    const bucket = await server.newBucket();
    await work.mlgit(["store", "add", "new", `s3://${bucket}/p`, "--endpoint-url", server.endpoint]);
    // So slow that the large one cannot be through when the first of the others is.
    proxy.set({ bandwidth: 500_000 });
    const slow = `mlgit.store.new.endpointUrl=http://127.0.0.1:${proxy.port}`;
    const child = spawn("git", ["-c", slow, "mlgit", "store", "sync", "old", "new"], {
      cwd: work.top,
      env: { ...team.box.env, ...server.env },
      detached: true,
      stdio: "ignore",
    });
    const ended = new Promise((resolve) => child.on("close", resolve));
    await packsIn(server, bucket, (count) => count > 0);
    process.kill(-(child.pid ?? 0), "SIGKILL");
    await ended;
    proxy.set({});
    const sync = async (...args: string[]) =>
      JSON.parse((await work.mlgit(["store", "sync", ...args, "old", "new", "--json"], { env: server.env })).stdout);
    const rest = await sync("-n");
    expect(rest.missing).toBe(4);
    expect(rest.packs).toBeLessThan(4);
    expect(rest.packs).toBeGreaterThan(0);
    expect(await sync()).toMatchObject({ copied: 4, packs: rest.packs, lost: [] });
    expect(await sync("--paranoid")).toMatchObject({ copied: 0, lost: [] });
  }, 240_000);
});

/** Waits until so many packs lie in the bucket. */
async function packsIn({ endpoint, env }: S3Server, bucket: string, enough: (count: number) => boolean): Promise<void> {
  const credentials = { accessKeyId: env.AWS_ACCESS_KEY_ID ?? "", secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? "" };
  const client = new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, credentials });
  const list = new ListObjectsV2Command({ Bucket: bucket, Prefix: "p/packs/" });
  while (!enough((await client.send(list)).KeyCount ?? 0)) await new Promise((resolve) => setTimeout(resolve, 50));
  client.destroy();
}

describeWithS3("a repository that moves to a bucket", (startServer) => {
  let team: Team;
  afterAll(() => team?.box.remove());

  it("is copied, switched over and cloned elsewhere when the old store is gone", async () => {
    const server = await startServer();
    team = await createTeam();
    team.box.write("old/.keep", "");
    const work = await projectWithThreePacks(team);
    const options = { env: server.env };
    const url = `s3://${await server.newBucket()}/project`;
    await work.mlgit(["store", "add", "new", url, "--endpoint-url", server.endpoint], options);
    expect((await work.mlgit(["store", "sync", "old", "new"], options)).stdout).toContain("3 of 3 contents");
    await work.mlgit(["store", "add", "new", url, "--endpoint-url", server.endpoint, "--default"], options);
    await work.mlgit(["store", "remove", "old"]);
    await work.commit("moved");
    await work.git(["push", "-q", "origin", "main"], options);
    rmSync(team.box.path("old"), { recursive: true });
    const clone = await team.clone("elsewhere", { ...options, args: ["-b", "main"] });
    for (const name of ["one", "two", "three"]) expect(clone.read(`${name}.bin`)).toEqual(randomBytes(name, 700_000));
    await clone.mlgit(["fsck", "--store", "--paranoid"], options);
  }, 240_000);
});
