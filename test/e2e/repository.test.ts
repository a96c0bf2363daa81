import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { EntityProject } from "../helper/entity-project.ts";

describe("git mlgit repository", () => {
  const project = new EntityProject();
  const repository = (...args: string[]) => project.mlgit("repository", ...args);
  const config = async (...args: string[]) =>
    JSON.parse((await repository("config", "show", "--json", ...args)).stdout);
  beforeAll(() => project.start());
  afterAll(() => project.remove());

  it("init makes a repository where there is none, and may be run again", async () => {
    const cwd = project.box.write("new/file", "x").slice(0, -5);
    const first = await project.box.mlgit(["repository", "init", "--json"], { cwd });
    expect(JSON.parse(first.stdout)).toMatchObject({ created: true });
    const again = await project.box.mlgit(["repository", "init", "--json"], { cwd });
    expect(JSON.parse(again.stdout)).toMatchObject({ created: false });
  }, 240_000);

  it("remote names a repository in the tree and as a git remote, and takes it back", async () => {
    await project.box.git(["init", "-q", "--bare", project.box.path("registry.git")]);
    const url = project.box.path("registry.git");
    await repository("remote", "datasets", "add", url);
    expect((await project.git("remote", "get-url", "datasets")).stdout).toBe(`${url}\n`);
    expect(project.read(".mlgit/config.yaml")).toContain(`registries:\n  datasets: ${JSON.stringify(url)}\n`);
    expect(await project.fails(10, "mlgit", "repository", "remote", "datasets", "add", "/elsewhere")).toContain("del");
    expect(await config()).toMatchObject({ datasets: { git: url }, models: { git: "" } });
    await repository("remote", "datasets", "del");
    expect(existsSync(`${project.cwd}/.mlgit/config.yaml`)).toBe(false);
    await project.fails(3, "mlgit", "repository", "remote", "datasets", "del");
    await project.fails(2, "mlgit", "repository", "remote", "datasets", "add", "--", "--upload-pack=x");
  }, 240_000);

  it("storage names buckets of several kinds, and keeps what is personal out of the tree", async () => {
    await repository("storage", "add", "first", "--credentials=me", "--region=eu-west-1");
    await repository("storage", "add", "second", "--endpoint-url=http://127.0.0.1:1");
    await repository(
      "storage",
      "add",
      "inbox",
      "--type=sftph",
      "--endpoint-url=host.example",
      "--username=ada",
      "--port=22",
    );
    expect(await config()).toMatchObject({
      storages: {
        first: { url: "s3://first", "aws-credentials": { profile: "me" }, region: "eu-west-1" },
        second: { "endpoint-url": "http://127.0.0.1:1" },
        inbox: { url: "sftp://ada@host.example:22/~/inbox" },
      },
      "default-storage": "first",
    });
    expect(project.read(".mlgit/config.yaml")).not.toContain("me\n");
    const key = ["--type=sftph", "--endpoint-url=h", "--private-key=/k"];
    expect(await project.fails(2, "mlgit", "repository", "storage", "add", "x", ...key)).toContain("IdentityFile");
    const drive = ["--type=gdriveh", "--credentials=/path/to/credentials"];
    expect(await project.fails(2, "mlgit", "repository", "storage", "add", "x", ...drive)).toContain("rclone config");
    await repository("storage", "del", "second");
    expect(Object.keys((await config()).storages)).toEqual(["first", "inbox"]);
  }, 240_000);

  it("keeps the user's own choices in git's global configuration", async () => {
    await repository("remote", "labels", "add", "-g", "/all/labels.git");
    await repository("storage", "add", "mine", "-g");
    await repository("config", "--set-wizard=enabled");
    expect(await config("-g")).toMatchObject({
      labels: { git: "/all/labels.git" },
      storages: { mine: { url: "s3://mine" } },
      wizard: "enabled",
    });
    expect((await config("-l")).labels).toEqual({ git: "" });
    await repository("remote", "labels", "del", "-g");
    await repository("storage", "del", "mine", "-g");
    await repository("config", "--set-wizard=disabled");
    expect(await config()).toMatchObject({ labels: { git: "" }, wizard: "disabled" });
  }, 240_000);

  it("config push commits the settings alone", async () => {
    project.write("staged", "and not part of it");
    await project.git("add", "staged");
    await repository("config", "push", "-m", "places");
    expect((await project.git("log", "-1", "--format=%s", "--name-only")).stdout).toBe(
      "places\n\n.mlgit/config.yaml\n",
    );
    expect((await project.git("ls-remote", "origin", "refs/heads/main")).stdout).not.toBe("");
    expect((await project.git("status", "--porcelain")).stdout).toBe("A  staged\n");
    expect((await repository("config", "push")).stdout).toContain("committed already");
  }, 240_000);

  it("update asks every remote, and gc keeps what was not pushed", async () => {
    await repository("storage", "del", "first");
    await repository("storage", "del", "inbox");
    await project.mlgit("datasets", "create", "d", "--categories=c", "--mutability=strict");
    project.write("datasets/d/data/x", "only here");
    await project.mlgit("datasets", "add", "d");
    await project.mlgit("datasets", "commit", "d");
    await repository("gc");
    await project.mlgit("datasets", "push", "d");
    expect((await repository("update", "--json")).stdout).toContain('"origin"');
  }, 240_000);
});
