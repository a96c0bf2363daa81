import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, it, jest } from "@jest/globals";
import { OriginProject } from "../helper/origin-project.ts";
import { describeWithS3, type S3Server } from "../helper/s3-server.ts";
import { type RunResult, randomBytes } from "../helper/sandbox.ts";

jest.setTimeout(240_000);

const size = 3_000_000;

describeWithS3("git mlgit promote between buckets of one server", (startServer) => {
  const project = new OriginProject();
  let server: S3Server;
  let bucket = "";
  let place = "";
  const secret = randomBytes("secret", 400_000);
  const run = (name: string, args: string[], env = {}) => project.box.mlgit(args, { cwd: project.box.path(name), env });
  /** From a clone that has no data. */
  const promote = (entity: string) =>
    run("ci", ["promote", entity, "--to", "production", "--trust-store", place], { MLGIT_TRACE: "1" });

  beforeAll(async () => {
    server = await startServer();
    Object.assign(project.box.env, server.env);
    await project.start();
    for (const name of ["lab", "prod"]) {
      await project.repository(name);
      const own = await server.newBucket();
      await run(name, ["store", "add", name, `s3://${own}/${name}`, "--endpoint-url", server.endpoint, "-q"]);
      bucket = own;
    }
    place = `s3://${bucket}/prod ${server.endpoint}`;
    await project.create("prod", ["datasets", "other"], { "data/x": "theirs" });
    await project.push("prod");
    await project.create("lab", ["models", "net"], { "data/w": randomBytes("w", size), "data/small": "s" });
    await project.push("lab");
    await project.create("lab", ["models", "mixed"], { "data/m": randomBytes("m", 300_000) });
    await project.create("lab", ["datasets", "private"], { "data/p": secret });
    await project.push("lab");
    await project.box.git(["clone", "-q", "--no-checkout", project.box.path("lab.git"), project.box.path("ci")]);
    await project.git("ci", "remote", "add", "production", project.box.path("prod.git"));
  });
  afterAll(() => project.remove());

  it("has the server copy the packs, and reads only what tells that they came", async () => {
    const { stderr } = await promote("net@1");
    expect(moved(stderr, "copy packs").count).toBe(1);
    expect(moved(stderr, "save packs").count).toBe(0);
    expect(moved(stderr, "load packs").bytes).toBeLessThan(size / 10);
    expect(moved(stderr, "load index").bytes).toBeLessThan(size / 10);
    await arrives("promote/net-1", "models/net/data/w", randomBytes("w", size));
  });

  it("copies again what no index names: a copy that was killed, or what was taken out since it is damaged", async () => {
    await removeAll(server, bucket, "prod/index/");
    await damage(server, bucket, "prod/packs/");
    expect(moved((await promote("net@1")).stderr, "copy packs").count).toBe(1);
    await project.box.run("rm", ["-rf", project.box.path("prod/.git/mlgit")]);
    await arrives("promote/net-1", "models/net/data/small", Buffer.from("s"));
    await arrives("promote/net-1", "models/net/data/w", randomBytes("w", size));
    expect(moved((await promote("net@1")).stderr, "copy packs").count).toBe(0);
  });

  it("does not copy a pack that holds something else, too", async () => {
    const { stderr } = await promote("mixed@1");
    expect(moved(stderr, "copy packs").count).toBe(0);
    expect(moved(stderr, "save packs").count).toBe(1);
    expect(moved(stderr, "save packs").bytes).toBeLessThan(secret.length);
    await arrives("promote/mixed-1", "models/mixed/data/m", randomBytes("m", 300_000));
  });

  /** In the target's own repository, which knows no other store. */
  async function arrives(branch: string, path: string, bytes: Buffer): Promise<void> {
    await project.git("prod", "fetch", "-q", "origin");
    await project.git("prod", "checkout", "-q", `origin/${branch}`);
    expect(project.box.read(`prod/${path}`).equals(bytes)).toBe(true);
  }
});

/** Operations of one kind that a trace tells, and the bytes that they moved. */
function moved(trace: RunResult["stderr"], what: string): { count: number; bytes: number } {
  const lines = [...trace.matchAll(new RegExp(`${what}/\\S+(?: \\S+\\.\\.\\S*)? (\\d+) bytes`, "g"))];
  return { count: lines.length, bytes: lines.reduce((sum, [, bytes]) => sum + Number(bytes), 0) };
}

async function removeAll(server: S3Server, Bucket: string, Prefix: string): Promise<void> {
  await eachObject(server, { Bucket, Prefix }, async (client, Key) => {
    await client.send(new DeleteObjectCommand({ Bucket, Key }));
  });
}

/** Flips a bit of a chunk in each, and leaves its size. */
async function damage(server: S3Server, Bucket: string, Prefix: string): Promise<void> {
  await eachObject(server, { Bucket, Prefix }, async (client, Key) => {
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
    const bytes = Buffer.from((await Body?.transformToByteArray()) ?? []);
    bytes[20_000] = (bytes[20_000] ?? 0) ^ 1;
    await client.send(new PutObjectCommand({ Bucket, Key, Body: bytes }));
  });
}

async function eachObject(
  { endpoint, env }: S3Server,
  where: { readonly Bucket: string; readonly Prefix: string },
  work: (client: S3Client, key: string) => Promise<void>,
): Promise<void> {
  const credentials = { accessKeyId: env.AWS_ACCESS_KEY_ID ?? "", secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? "" };
  const client = new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, credentials });
  const { Contents = [] } = await client.send(new ListObjectsV2Command(where));
  for (const { Key = "" } of Contents) await work(client, Key);
  client.destroy();
}
