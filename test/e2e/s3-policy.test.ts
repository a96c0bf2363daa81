import { PutBucketPolicyCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { describeWithS3, type S3Server } from "../helper/s3-server.ts";
import { randomBytes } from "../helper/sandbox.ts";
import { type Clone, createProject, createTeam, type Team } from "../helper/team.ts";

describeWithS3("a bucket whose policy allows what docs/security.md gives a writer", (startServer) => {
  let server: S3Server;
  let bucket: string;
  let team: Team;
  let work: Clone;
  let writer: ReturnType<S3Server["newUser"]>;
  /** What docs/security.md gives a writer. Of an object that is not there it is told "denied", since its right to list has a condition. */
  const allow = async (actions: readonly string[]) => {
    const who = { Effect: "Allow", Principal: { AWS: [`arn:aws:iam:::user/${writer.name}`] } };
    const place = `arn:aws:s3:::${bucket}`;
    const Condition = { StringLike: { "s3:prefix": "project/*" } };
    const Statement = [
      { ...who, Action: "s3:ListBucket", Resource: place, Condition },
      { ...who, Action: actions, Resource: `${place}/project/*` },
    ];
    const { AWS_ACCESS_KEY_ID: accessKeyId = "", AWS_SECRET_ACCESS_KEY: secretAccessKey = "" } = server.env;
    const credentials = { accessKeyId, secretAccessKey };
    const client = new S3Client({ endpoint: server.endpoint, region: "us-east-1", forcePathStyle: true, credentials });
    const Policy = JSON.stringify({ Version: "2012-10-17", Statement });
    await client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
    client.destroy();
  };
  const push = () => work.git(["push", "-q", "origin", "main"], { env: writer.env, code: "any" });
  beforeAll(async () => {
    server = await startServer();
    bucket = await server.newBucket();
    writer = server.newUser();
    team = await createTeam();
    work = await createProject(team);
    await team.box.git(["config", "--global", "mlgit.store.data.url", `s3://${bucket}/project`]);
    await team.box.git(["config", "--global", "mlgit.store.data.endpointUrl", server.endpoint]);
  });
  afterAll(() => team.box.remove());

  it("takes the first push", async () => {
    await allow(["s3:GetObject", "s3:PutObject"]);
    work.write("data/one", randomBytes("policy one", 100_000));
    await work.commit();
    expect(await push()).toMatchObject({ code: 0 });
  });

  it("takes a push that was refused before, once it is allowed", async () => {
    await allow(["s3:GetObject"]);
    work.write("data/two", randomBytes("policy two", 100_000));
    await work.commit();
    const refused = await push();
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain("access denied to s3:PutObject");
    expect((await push()).stderr).toContain("access denied to s3:PutObject");
    await allow(["s3:GetObject", "s3:PutObject"]);
    expect(await push()).toMatchObject({ code: 0 });
  });

  it("works, as `store test` says, though nothing can be removed", async () => {
    await allow(["s3:GetObject", "s3:PutObject"]);
    const { stdout } = await work.mlgit(["store", "test", "data"], { env: writer.env });
    expect(stdout).toContain("these credentials may not remove: a push needs no such right");
    const { stdout: json } = await work.mlgit(["store", "test", "data", "--json"], { env: writer.env });
    expect(JSON.parse(json)).toMatchObject({ writable: true, removable: false });
  });

  it("is said not to be writable, not to be uncleanable, when it can only be read", async () => {
    await allow(["s3:GetObject"]);
    const { stderr } = await work.mlgit(["store", "test", "data"], { env: writer.env, code: 7 });
    expect(stderr).toContain("access denied to s3:PutObject");
  });
});
