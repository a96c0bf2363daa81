import { readdirSync, renameSync, rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { describeWithS3 } from "../helper/s3-server.ts";
import { randomBytes } from "../helper/sandbox.ts";
import { type Clone, createProject, createTeam, type Team } from "../helper/team.ts";

describe("a store with a mirror", () => {
  let team: Team;
  let work: Clone;
  const packsIn = (store: string) =>
    readdirSync(team.box.path(store, "packs"), { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  const tip = async () => (await team.box.git(["rev-parse", "main"], { cwd: team.remote })).stdout;
  beforeAll(async () => {
    team = await createTeam();
    for (const name of ["data", "backup"]) team.box.write(`${name}/.keep`, "");
    work = await createProject(team);
    await work.mlgit(["store", "add", "data", team.box.path("data")]);
    await work.mlgit(["store", "add", "backup", team.box.path("backup"), "--mirror-of", "data"]);
    work.write("one.bin", randomBytes("one", 300_000));
    await work.commit("one");
  }, 120_000);
  afterAll(() => team.box.remove());

  it("is no second choice, and no mirror of itself or of a mirror", async () => {
    expect((await work.mlgit(["store"])).stdout).toMatch(/^data\t.*\(default, [^\n]*\nbackup\t.*mirror of data/);
    const add = (...args: string[]) => work.mlgit(["store", "add", ...args], { code: "any" });
    expect((await add("more", "/tmp/x", "--mirror-of", "backup")).code).toBe(2);
    expect((await add("more", "/tmp/x", "--mirror-of", "nobody")).code).toBe(3);
  }, 60_000);

  it("sends a push to both", async () => {
    await work.git(["push", "-q", "origin", "main"]);
    expect(packsIn("data")).toHaveLength(1);
    expect(packsIn("backup")).toHaveLength(1);
  }, 60_000);

  it("moves no ref when the mirror is down, unless it is paused, and sync brings it up to date", async () => {
    renameSync(team.box.path("backup"), team.box.path("away"));
    work.write("two.bin", randomBytes("two", 300_000));
    await work.commit("two");
    const before = await tip();
    const refused = await work.git(["push", "-q", "origin", "main"], { code: "any" });
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toMatch(/its mirror backup does not[\s\S]*paused true/);
    expect(await tip()).toBe(before);
    await work.git(["config", "mlgit.store.backup.paused", "true"]);
    await work.git(["push", "-q", "origin", "main"]);
    expect(await tip()).not.toBe(before);
    await work.git(["config", "--unset", "mlgit.store.backup.paused"]);
    renameSync(team.box.path("away"), team.box.path("backup"));
    expect((await work.mlgit(["store", "sync", "data", "backup"])).stdout).toContain("1 of 2 contents");
  }, 120_000);

  it("is read from the mirror when an object is lost, and when the store is gone, and says so once", async () => {
    rmSync(team.box.path("data/packs"), { recursive: true });
    const first = await team.box.git(["clone", "-q", "-b", "main", team.remote, team.box.path("first")]);
    expect(first.stderr.match(/asking/g)).toHaveLength(1);
    expect(team.at(team.box.path("first")).read("two.bin")).toEqual(randomBytes("two", 300_000));
    rmSync(team.box.path("data"), { recursive: true });
    const second = await team.box.git(["clone", "-q", "-b", "main", team.remote, team.box.path("second")]);
    expect(second.stderr.match(/asking backup/g)).toHaveLength(1);
    expect(team.at(team.box.path("second")).read("one.bin")).toEqual(randomBytes("one", 300_000));
  }, 120_000);
});

describeWithS3("an entity with a store of its own", (startServer) => {
  let team: Team;
  afterAll(() => team?.box.remove());

  it("has its data there and nowhere else, and every command finds it", async () => {
    const server = await startServer();
    const options = { env: server.env };
    team = await createTeam();
    team.box.write("data/.keep", "");
    const bucket = await server.newBucket();
    const work = await createProject(team);
    await work.mlgit(["store", "add", "data", team.box.path("data"), "--default"]);
    await work.mlgit(["store", "add", "lab", `s3://${bucket}/project`, "--endpoint-url", server.endpoint]);
    const create = ["datasets", "create", "flowers", "--categories=c", "--mutability=flexible"];
    await work.mlgit([...create, `--bucket-name=${bucket}`]);
    work.write("datasets/flowers/rose.jpg", randomBytes("rose", 200_000));
    work.write("plain.bin", randomBytes("plain", 200_000));
    await work.commit("both");
    await work.git(["push", "-q", "origin", "main"], options);
    const cloned = await team.clone("clone", { ...options, args: ["-b", "main"] });
    expect(cloned.read("datasets/flowers/rose.jpg")).toEqual(randomBytes("rose", 200_000));
    expect(cloned.read("plain.bin")).toEqual(randomBytes("plain", 200_000));
    const count = async (store: string) =>
      JSON.parse((await work.mlgit(["store", "sync", "-n", store, "other", "--json"], options)).stdout).contents;
    team.box.write("other/.keep", "");
    await work.mlgit(["store", "add", "other", team.box.path("other"), "--local"]);
    expect([await count("data"), await count("lab")]).toEqual([1, 1]);
    const lean = await team.clone("lean", { ...options, args: ["-b", "main", "-c", "mlgit.hydrate=none"] });
    expect(lean.read("datasets/flowers/rose.jpg").length).toBeLessThan(300);
    await lean.mlgit(["fsck"], options);
    await lean.git(["config", "--unset", "mlgit.hydrate"]);
    await lean.mlgit(["hydrate"], options);
    expect(lean.read("datasets/flowers/rose.jpg")).toEqual(randomBytes("rose", 200_000));
  }, 240_000);
});
