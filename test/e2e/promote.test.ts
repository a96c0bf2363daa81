import { chmodSync, readdirSync } from "node:fs";
import { delimiter } from "node:path";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { OriginProject } from "../helper/origin-project.ts";

jest.setTimeout(240_000);

describe("git mlgit promote", () => {
  const project = new OriginProject();

  beforeAll(async () => {
    await project.start();
    await project.repository("lab");
    await project.create("lab", ["models", "net"], { "data/w": "w1" });
    await project.push("lab");
    await project.git("lab", "push", "-q", "origin", "HEAD:refs/heads/staging");
    await project.version("lab", "models/net/net.spec", 2, { "data/w": "w2" });
    // Another repository, whose data lies in a store of its own.
    await project.repository("prod");
    project.box.write("prod-data/.keep", "");
    await project.mlgit("prod", "store", "add", "prod", `file://${project.box.path("prod-data")}`, "-q");
    await project.create("prod", ["datasets", "other"], { "data/x": "theirs" });
    await project.push("prod");
    await project.git("lab", "remote", "add", "production", project.box.path("prod.git"));
  });
  afterAll(() => project.remove());

  it("puts a version on a branch that begins at the target, with nothing else", async () => {
    const report = await project.json("lab", "promote", "net", "--to", "staging");
    expect(report).toMatchObject({
      tag: "cv__net__2",
      remote: "origin",
      base: "staging",
      branch: "promote/net-2",
      promoted: true,
    });
    const changed = (await project.git("lab", "diff", "--name-only", "origin/staging", "origin/promote/net-2")).stdout;
    expect(changed).toBe("models/net/data/w\nmodels/net/net.spec\n");
    expect((await project.git("lab", "rev-parse", "origin/promote/net-2^")).stdout).toBe(
      (await project.git("lab", "rev-parse", "origin/staging")).stdout,
    );
    expect(await project.json("lab", "promote", "net", "--to", "staging")).toMatchObject({ commit: report.commit });
    expect(await project.json("lab", "promote", "net@1", "--to", "staging")).toMatchObject({ promoted: false });
    expect(await project.status("lab")).toBe("");
  });

  it("copies the data to the store of another repository, whose clones then need no other", async () => {
    await project.mlgit("lab", "promote", "models/net@1", "--to", "production", "--branch", "net");
    expect(readdirSync(project.box.path("prod-data"))).toContain("packs");
    await project.box.run("mv", [project.box.path("lab.git"), project.box.path("away.git")]);
    await project.box.git(["clone", "-q", "-b", "net", project.box.path("prod.git"), project.box.path("reader")]);
    await project.box.run("mv", [project.box.path("away.git"), project.box.path("lab.git")]);
    expect(project.read("reader", "models/net/data/w")).toBe("w1");
    expect(project.read("reader", ".mlgit/config.yaml")).toContain("prod-data");
  });

  it("opens the pull request with gh when it is asked to, and says how when gh fails", async () => {
    const gh = project.box.write(
      "tools/gh",
      '#!/bin/sh\nprintf "%s\\n" "$@" > "$GH_SAID"\necho https://example.org/pull/7\nexit $GH_CODE\n',
    );
    chmodSync(gh, 0o755);
    const said = project.box.path("gh-said");
    const env = {
      PATH: [project.box.path("tools"), project.box.env.PATH].join(delimiter),
      GH_SAID: said,
      GH_CODE: "0",
    };
    const options = { cwd: project.box.path("lab"), env };
    const { stdout } = await project.box.mlgit(["promote", "net@2", "--to", "production/main", "--pr"], options);
    expect(stdout).toContain("https://example.org/pull/7");
    expect(project.box.read("gh-said").toString().split("\n").slice(0, 10)).toEqual([
      ...["pr", "create", "--repo", project.box.path("prod.git"), "--base", "main", "--head", "promote/net-2"],
      ...["--title", "Promote model net, version 2"],
    ]);
    const failed = { ...options, env: { ...env, GH_CODE: "4" }, code: 1 };
    const { stderr } = await project.box.mlgit(["promote", "net@2", "--to", "production/main", "--pr"], failed);
    expect(stderr).toContain("gh pr create --repo");
  });

  it("refuses what is not there and branches that are somebody's", async () => {
    expect(await project.fails("lab", 2, "promote", "net", "--to", "nowhere")).toContain(
      "origin has no branch nowhere",
    );
    expect(await project.fails("lab", 2, "promote", "net@9", "--to", "staging")).toContain("version 9");
    expect(await project.fails("lab", 2, "promote", "net")).toContain("--to staging");
    expect(await project.fails("lab", 10, "promote", "net", "--to", "staging", "--branch", "main")).toContain(
      "another branch main",
    );
  });
});
