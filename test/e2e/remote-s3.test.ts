import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PutBucketVersioningCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, expect, it, jest } from "@jest/globals";
import { projectRoot } from "../helper/build.ts";
import { describeWithS3, type S3Server } from "../helper/s3-server.ts";
import { createStoreRemote, type StoreRemote } from "../helper/store-remote.ts";

// Each step starts several programs, and the machine may be busy.
jest.setTimeout(240_000);

describeWithS3("a git remote in a bucket", (start) => {
  let box: StoreRemote;
  let server: S3Server;
  afterAll(() => box?.remove());

  it("takes a first push and gives it to a clone, with the endpoint from git's configuration", async () => {
    server = await start();
    const url = `mlgit::s3://${await server.newBucket()}/team/project`;
    box = createStoreRemote({ url, env: { ...server.env } });
    await box.git(["config", "--global", "remote.origin.mlgitEndpointUrl", server.endpoint]);
    await box.first("a");
    await box.in("a", "push", "-q", "-u", "origin", "main");
    await box.clone("b");
    expect(box.read("b/data.bin").equals(box.read("a/data.bin"))).toBe(true);
    expect(await box.in("b", "status", "--porcelain")).toBe("");
  });

  it("lets four writers land", async () => {
    const names = Array.from({ length: 4 }, (_, i) => `w${i}`);
    await Promise.all(
      names.map(async (name) => {
        await box.clone(name);
        await box.commit(name, `only-${name}`, name);
        for (let i = 0; i < 30; i++) {
          if ((await box.attempt(name, "push", "-q")).code === 0) return;
          await box.in(name, "pull", "-q", "--rebase");
        }
        throw new Error(`${name} never landed`);
      }),
    );
    await box.clone("all");
    expect(readdirSync(box.path("all")).filter((name) => name.startsWith("only-"))).toHaveLength(4);
  });

  it("asks at most twice when there is nothing to fetch", async () => {
    await box.in("b", "pull", "-q");
    const { stderr } = await box.git(["fetch"], { cwd: box.path("b"), env: { MLGIT_TRACE: "1" } });
    const requests = stderr.split("\n").filter((line) => /^mlgit [\d.]+ store: /.test(line));
    expect(requests.length).toBeGreaterThan(0);
    expect(requests.length).toBeLessThanOrEqual(2);
  });

  it("is refused where the server keeps no condition, as this one in a bucket with versions", async () => {
    const bucket = await server.newBucket();
    const { AWS_ACCESS_KEY_ID: accessKeyId = "", AWS_SECRET_ACCESS_KEY: secretAccessKey = "" } = server.env;
    const credentials = { accessKeyId, secretAccessKey };
    const client = new S3Client({ endpoint: server.endpoint, region: "us-east-1", forcePathStyle: true, credentials });
    const VersioningConfiguration = { Status: "Enabled" } as const;
    await client.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration }));
    client.destroy();
    await box.in("a", "remote", "add", "versions", `mlgit::s3://${bucket}/project`);
    await box.in("a", "config", "remote.versions.mlgitEndpointUrl", server.endpoint);
    const push = await box.attempt("a", "push", "versions", "main");
    // A newer server keeps them there too.
    if (push.code !== 0) expect(push.stderr).toContain("lets two writers overwrite each other");
    const clone = await box.attempt("a", "ls-remote", "versions");
    expect(clone.code === 0).toBe(push.code === 0);
  });

  it("is all that two people need, by the five lines of the README", async () => {
    const block = /^## Two people and a bucket[\s\S]*?^```sh\n([\s\S]*?)^```$/m.exec(
      readFileSync(join(projectRoot, "README.md"), "utf8"),
    );
    const [add, first, clone, pull, push, ...more] = block![1]!
      .replaceAll("our-bucket", await server.newBucket())
      .trim()
      .split("\n");
    expect(more).toEqual([]);
    const sh = (cwd: string, line = "") => box.run("sh", ["-ec", line], { cwd: box.path(cwd), env: { ...server.env } });
    await box.first("one");
    await box.in("one", "remote", "remove", "origin");
    await sh("one", add);
    await sh("one", first);
    await sh("", clone);
    await box.commit("our-project", "theirs.bin", Buffer.alloc(100_000, "theirs"));
    await sh("our-project", push);
    await sh("one", pull);
    expect(box.read("one/theirs.bin").equals(box.read("our-project/theirs.bin"))).toBe(true);
    expect(box.read("our-project/data.bin").equals(box.read("one/data.bin"))).toBe(true);
    await box.commit("one", "mine", "mine");
    await sh("one", push);
    await sh("our-project", pull);
    expect(await box.in("our-project", "rev-parse", "HEAD")).toBe(await box.in("one", "rev-parse", "HEAD"));
  });
});
