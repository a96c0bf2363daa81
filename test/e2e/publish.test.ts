import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { projectRoot } from "../helper/build.ts";
import { EntityProject } from "../helper/entity-project.ts";
import { randomBytes } from "../helper/sandbox.ts";
import { type Clone, createProject, createTeam, type Team } from "../helper/team.ts";
import { isInstalled, startNginx, startPlainServer, type WebServer } from "../helper/web-server.ts";

const large = randomBytes("published", 5_000_000);

describe("git mlgit publish", () => {
  let team: Team;
  let work: Clone;
  let dir: string;
  const publish = async (...args: string[]) =>
    JSON.parse((await work.mlgit(["publish", "--static", dir, ...args, "--json"])).stdout);
  const files = () =>
    readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name))
      .sort();
  const packs = () => files().filter((path) => path.includes("/packs/"));
  beforeAll(async () => {
    team = await createTeam();
    work = await createProject(team);
    dir = team.box.path("public");
    work.write("large.bin", large);
    for (let i = 0; i < 20; i++) work.write(`data/${i}`, `small file ${i}`);
    work.write("secret.bin", randomBytes("secret", 100_000));
    await work.commit("with a secret");
    await work.git(["branch", "all"]);
    await work.git(["rm", "-q", "secret.bin"]);
    await work.commit("without");
    await work.git(["push", "-q", "origin", "main", "all"]);
  }, 240_000);
  afterAll(() => team.box.remove());

  it("says what it would write, and writes nothing then", async () => {
    expect(await publish("-n")).toMatchObject({ dryRun: true, contents: 21, missing: 21 });
    expect(existsSync(dir)).toBe(false);
  }, 120_000);

  it("writes exactly what the chosen refs need, and on the next call only what is new", async () => {
    expect(await publish()).toMatchObject({ contents: 21, written: 21 });
    const before = new Map(files().map((path) => [path, statSync(path).mtimeMs]));
    expect(packs().reduce((sum, path) => sum + statSync(path).size, 0)).toBeLessThan(large.length + 90_000);
    expect(await publish()).toMatchObject({ written: 0, bytes: 0 });
    expect(new Map(files().map((path) => [path, statSync(path).mtimeMs]))).toEqual(before);
    expect(await publish("-n", "all")).toMatchObject({ contents: 22, missing: 1 });
  }, 240_000);

  it("leaves a folder that readers can use when it is killed, and mends it when run again", async () => {
    const list = join(dir, "mlgit-list.txt");
    const text = readFileSync(list, "utf8");
    // Killed before the list was written, or while a pack was.
    rmSync(list);
    team.box.write("public/packs/ab/.mlgit-tmp-0123456789abcdef", "half");
    expect(await publish()).toMatchObject({ written: 0 });
    expect(readFileSync(list, "utf8")).toBe(text);
  }, 120_000);

  it("names nothing that is not there, whenever it is killed", async () => {
    const other = team.box.path("killed");
    for (const appears of ["mlgit.json", "packs", "index", "mlgit-list.txt"]) {
      const child = spawn(join(projectRoot, "bin", "git-mlgit"), ["publish", "--static", other], {
        cwd: work.top,
        env: team.box.env,
        stdio: "ignore",
      });
      const ended = new Promise((resolve) => child.once("exit", resolve));
      while (child.exitCode === null && !existsSync(join(other, appears))) await new Promise(setImmediate);
      child.kill("SIGKILL");
      await ended;
      const list = join(other, "mlgit-list.txt");
      const lines = existsSync(list) ? readFileSync(list, "utf8").trim().split("\n") : ["mlgit-list 1", "end 0"];
      expect(lines.at(-1)).toBe(`end ${lines.length - 2}`);
      for (const line of lines.slice(1, -1)) {
        const [size, key] = line.split(" ");
        expect(statSync(join(other, key!)).size).toBe(Number(size));
      }
    }
    await work.mlgit(["publish", "--static", other]);
    expect(JSON.parse((await work.mlgit(["publish", "--static", other, "-n", "--json"])).stdout)).toMatchObject({
      missing: 0,
    });
  }, 240_000);

  it("refuses a folder of other things, a name of nothing, and a folder in nowhere", async () => {
    const other = (...args: string[]) => work.mlgit(["publish", ...args], { code: "any" });
    expect(await other("--static", ".")).toMatchObject({ code: 11 });
    expect(await other("--static", dir, "nothing-of-that-name")).toMatchObject({ code: 2 });
    expect(await other("--static", team.box.path("no/where"))).toMatchObject({ code: 3 });
    expect(await other()).toMatchObject({ code: 2, stderr: expect.stringContaining("--static <dir>") });
  }, 120_000);

  for (const [title, serve] of [
    ["nginx", startNginx],
    ["a server without ranges", startPlainServer],
  ] as const)
    (serve === startNginx && !isInstalled("nginx") ? it.skip : it)(
      `is cloned from ${title}, byte for byte, and takes no pushes`,
      async () => {
        const server: Pick<WebServer, "url" | "stop"> = await serve(team.box.root);
        try {
          await reads(`${server.url}/public`, `from-${title.split(" ")[0]}`);
        } finally {
          await server.stop();
        }
      },
      240_000,
    );

  async function reads(url: string, name: string) {
    const clone = await team.clone(name, {
      args: ["-b", "main"],
      env: { GIT_CONFIG_PARAMETERS: "'mlgit.hydrate=none'" },
    });
    expect(clone.read("large.bin").length).toBeLessThan(1000);
    await clone.mlgit(["store", "add", "--local", "--default", "web", url]);
    await clone.mlgit(["hydrate"]);
    expect(clone.read("large.bin").equals(large)).toBe(true);
    for (let i = 0; i < 20; i++) expect(clone.read(`data/${i}`).toString()).toBe(`small file ${i}`);
    expect(await clone.status()).toBe("");
    clone.write("more.bin", "new data");
    await clone.commit();
    const push = await clone.git(["push", "origin", "HEAD:refs/heads/more"], { code: "any" });
    expect(push.code).not.toBe(0);
    expect(push.stderr).toContain("can only be read");
    expect(push.stderr).toContain("git mlgit publish --static");
    const missing = await clone.mlgit(["fetch", "origin/all"], { code: 1 });
    expect(missing.stderr).toContain("is not in the store");
  }
});

describe("git mlgit publish of an entity", () => {
  it("writes the data of the version that is named, and of nothing else", async () => {
    const project = new EntityProject();
    try {
      await project.start();
      await project.mlgit("datasets", "create", "flowers", "--categories", "images", "--mutability", "flexible");
      await project.mlgit("datasets", "create", "trees", "--categories", "images", "--mutability", "flexible");
      project.write("datasets/flowers/rose", "a rose");
      project.write("datasets/trees/oak", "an oak");
      await project.commit("one");
      project.write("datasets/flowers/lily", "a lily");
      await project.setVersion("datasets/flowers/flowers.spec", 2);
      await project.commit("two");
      const contents = async (...what: string[]) =>
        JSON.parse(
          (await project.mlgit("publish", "-n", "--static", project.box.path("out"), ...what, "--json")).stdout,
        );
      expect(await contents("flowers@1")).toMatchObject({ contents: 1 });
      expect(await contents("flowers")).toMatchObject({ contents: 2 });
      expect(await contents("flowers@2", "trees")).toMatchObject({ contents: 3 });
      await project.fails(2, "mlgit", "publish", "--static", project.box.path("out"), "flowers@3");
    } finally {
      project.remove();
    }
  }, 240_000);
});
