import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { projectRoot } from "../helper/build.ts";
import { createSandbox } from "../helper/sandbox.ts";
import { startPlainServer } from "../helper/web-server.ts";

describe("git mlgit store", () => {
  const box = createSandbox();
  afterAll(() => box.remove());
  let cwd = "";
  const store = (args: string[], options = {}) => box.mlgit(["store", ...args], { cwd, ...options });
  const file = () => box.read("r/.mlgit/config.yaml").toString();
  const listed = async () => JSON.parse((await store(["list", "--json"])).stdout).stores;
  beforeAll(async () => {
    cwd = await box.init("r");
    mkdirSync(box.path("data"));
  });

  it("adds a folder by its path, and keeps what is written in the file", async () => {
    expect((await store([])).stdout).toContain("no store is named");
    box.write("r/.mlgit/config.yaml", "# our data\n");
    expect((await store(["add", "data", "../data"])).stdout).toMatch(/git add \.mlgit\/config\.yaml/);
    expect(file()).toBe(`# our data\nstores:\n  data:\n    url: file://${box.path("data")}\n`);
    await store(["add", "data", `file://${box.path("data")}`]);
    expect((await store(["list"])).stdout).toBe(`data\tfile://${box.path("data")}\t(default, .mlgit/config.yaml)\n`);
  });

  it("refuses another place under the same name, secrets, odd names and unknown kinds", async () => {
    await store(["add", "data", "../elsewhere"], { code: 10 });
    await store(["add", "x", "s3://key:secret@bucket/x"], { code: 3 });
    await store(["add", "x", "gopher://x/y"], { code: 3 });
    await store(["add", "../x", "s3://a/b"], { code: 2 });
    await store(["nonsense"], { code: 2 });
    expect(file()).not.toContain("x:");
  });

  it("keeps a profile out of the tree", async () => {
    const args = [
      "add",
      "cloud",
      "s3://bucket/p",
      "--endpoint-url",
      "https://minio.example",
      "--profile",
      "me",
      "--default",
    ];
    await store(args);
    expect(file()).toMatch(
      /cloud:\n {4}url: s3:\/\/bucket\/p\n {4}endpointUrl: "?https:\/\/minio\.example"?\ndefault: cloud\n/,
    );
    expect((await box.git(["config", "--local", "mlgit.store.cloud.profile"], { cwd })).stdout).toBe("me\n");
    const cloud = (await listed()).find(({ name }: { name: string }) => name === "cloud");
    expect(cloud).toMatchObject({ default: true, trusted: true, profile: "me" });
  });

  it("keeps options that are not given again, and says when no store is the default", async () => {
    const other = { cwd: await box.init("several") };
    const config = () => box.read("several/.mlgit/config.yaml").toString();
    const added = async (...args: string[]) => (await store(["add", ...args], other)).stdout;
    expect(await added("a", "s3://first/x", "--endpoint-url", "http://127.0.0.1:9", "--path-style")).not.toContain(
      "default",
    );
    expect(await added("copy", "s3://third/x", "--mirror-of", "a")).not.toContain("default");
    expect(await added("b", "s3://other/x")).toContain("git mlgit store add a s3://first/x --default");
    expect(await added("a", "s3://first/x", "--default")).not.toContain("none is the default");
    expect(config()).toContain(
      "  a:\n    url: s3://first/x\n    endpointUrl: http://127.0.0.1:9\n    pathStyle: true\n",
    );
    expect(config()).toContain("default: a\n");
    await added("a", "s3://first/x", "--endpoint-url", "http://127.0.0.1:10");
    expect(config()).toContain("    endpointUrl: http://127.0.0.1:10\n    pathStyle: true\n");
    const { stores } = JSON.parse((await store(["list", "--json"], other)).stdout);
    expect(stores.map((one: { trusted: boolean }) => one.trusted)).toEqual([true, true, true]);
  });

  it("stops at once when it is interrupted, while the place says nothing", async () => {
    const silent = createServer((socket) => socket.on("error", () => {}));
    silent.listen(0, "127.0.0.1");
    await once(silent, "listening");
    const endpoint = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    for (const [key, value] of Object.entries({ url: "s3://bucket/x", endpointUrl: endpoint }))
      await box.git(["config", `mlgit.store.silent.${key}`, value], { cwd });
    const env = { ...box.env, AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b", AWS_REGION: "us-east-1" };
    const program = join(projectRoot, "bin", "git-mlgit");
    const child = spawn(program, ["store", "test", "silent"], { cwd, env, stdio: "ignore" });
    const ended = once(child, "exit");
    await once(silent, "connection");
    child.kill("SIGINT");
    expect(await ended).toEqual([130, null]);
    silent.close();
    await box.git(["config", "--remove-section", "mlgit.store.silent"], { cwd });
  }, 120_000);

  it("tries a store and leaves nothing behind", async () => {
    const report = JSON.parse((await store(["test", "data", "--json"])).stdout);
    expect(report).toMatchObject({ name: "data", writable: true, initialised: false });
    expect(report.guarantees.exclusiveCreate).toBe(true);
    const left = readdirSync(box.path("data"), { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
    expect(left).toEqual([]);
  });

  it("says of a web server that it has no store, or that a page answers", async () => {
    mkdirSync(box.path("web"));
    const web = await startPlainServer(box.path("web"), (request, response) => {
      if (!request.url?.startsWith("/login")) return false;
      response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html>\n<p>Sign in</p>");
      return true;
    });
    try {
      await store(["add", "--local", "typo", `${web.url}/typo`]);
      expect((await store(["test", "typo"], { code: 4 })).stderr).toContain("there is no store at");
      await store(["add", "--local", "login", `${web.url}/login`]);
      const { stderr } = await store(["test", "login"], { code: 6 });
      expect(stderr).toContain("is a web page and not a store\nhint: check the store's URL");
      for (const name of ["typo", "login"]) await store(["remove", name]);
    } finally {
      await web.stop();
    }
  });

  it("makes the folder of a store, once, and not under a disk that is not mounted", async () => {
    await store(["add", "--local", "new", "../new"]);
    expect((await store(["create", "new"])).stdout).toContain("made ");
    expect(existsSync(box.path("new"))).toBe(true);
    expect(JSON.parse((await store(["create", "new", "--json"])).stdout)).toMatchObject({ name: "new", made: false });
    await store(["add", "--local", "away", "../away/store"]);
    expect((await store(["create", "away"], { code: 6 })).stderr).toContain("hint: ");
    await store(["add", "--local", "web", "https://example.invalid/x"]);
    expect((await store(["create", "web"], { code: 9 })).stderr).toContain("not made by mlgit");
    await store(["create", "nobody"], { code: 3 });
    for (const name of ["new", "away", "web"]) await store(["remove", name]);
  });

  it("says of a folder that a remote implies that the first push makes it", async () => {
    await box.git(["init", "-q", "--bare", box.path("remote.git")]);
    const other = await box.init("other");
    await box.git(["remote", "add", "origin", box.path("remote.git")], { cwd: other });
    expect((await store(["test"], { cwd: other })).stdout).toContain("the first push makes it");
    expect(existsSync(box.path("remote.git/mlgit"))).toBe(false);
  });

  it("lets a clone list what it does not trust, and use it after the user's word", async () => {
    await box.git(["add", "."], { cwd });
    await box.git(["commit", "-qm", "stores"], { cwd });
    const clone = box.path("clone");
    await box.git(["clone", "-q", cwd, clone]);
    const inClone = { cwd: clone };
    expect((await store(["list"], inClone)).stdout).toContain("not trusted: git mlgit store trust cloud");
    expect((await store(["test", "cloud"], { ...inClone, code: 11 })).stderr).toMatch(
      /minio\.example[\s\S]*hint: .*store trust cloud/,
    );
    expect((await store(["test", "data"], { ...inClone, code: 11 })).stderr).toContain("no store yet");
    await store(["trust", "data"], inClone);
    expect((await store(["test", "data"], inClone)).stdout).toContain("works");
    await store(["trust", "nobody"], { ...inClone, code: 3 });
  });

  it("forgets a store, its default and its keys, but not its data", async () => {
    await store(["remove", "cloud"]);
    expect(file()).toBe(`# our data\nstores:\n  data:\n    url: file://${box.path("data")}\n`);
    expect((await box.git(["config", "--local", "--get-regexp", "mlgit.store.cloud"], { cwd, code: 1 })).stdout).toBe(
      "",
    );
    expect(existsSync(box.path("data"))).toBe(true);
    await store(["remove", "cloud"], { code: 3 });
  });

  it("says to commit what is left to commit, and leaves no empty file behind", async () => {
    const removed = async () => (await store(["remove", "late"])).stdout;
    const status = async () => (await box.git(["status", "--porcelain"], { cwd })).stdout;
    await box.git(["commit", "-qam", "stores"], { cwd });
    await store(["add", "late", "../late"]);
    expect(await removed()).not.toContain("commit it");
    expect(await status()).toBe("");
    await store(["add", "late", "../late"]);
    await box.git(["commit", "-qam", "late"], { cwd });
    expect(await removed()).toContain("commit it, so that clones see it");
    await box.git(["commit", "-qam", "not any more"], { cwd });
    const fresh = { cwd: await box.init("no stores") };
    await store(["add", "late", "../late"], fresh);
    expect((await store(["remove", "late"], fresh)).stdout).not.toContain("commit it");
    expect(existsSync(box.path("no stores/.mlgit"))).toBe(false);
  });

  it("keeps a local store in git's configuration alone, also in a bare repository", async () => {
    await box.git(["init", "-q", "--bare", box.path("bare.git")]);
    const bare = { cwd: box.path("bare.git") };
    await store(["add", "mine", "../data"], { ...bare, code: 3 });
    await store(["add", "mine", "../data", "--local"], bare);
    expect((await store(["list"], bare)).stdout).toContain("git config");
    await store(["remove", "mine"], bare);
    expect((await store(["list"], bare)).stdout).toContain("no store is named");
  });

  it("does not write through a symlink", async () => {
    await box.init("linked");
    box.write("outside/config.yaml", "");
    symlinkSync("../outside", box.path("linked/.mlgit"));
    await store(["add", "data", "../data"], { cwd: box.path("linked"), code: 11 });
    expect(box.read("outside/config.yaml")).toHaveLength(0);
  });
});
