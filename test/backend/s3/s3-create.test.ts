import { randomBytes } from "node:crypto";
import {
  GetBucketLifecycleConfigurationCommand,
  GetBucketVersioningCommand,
  PutBucketLifecycleConfigurationCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { S3Backend } from "../../../src/backend/s3/s3-backend.ts";
import { s3Config } from "../../../src/backend/s3/s3-config.ts";
import { describeWithS3, useServerKeys } from "../../helper/s3-server.ts";
import { failure, format, read } from "../contract.ts";

describeWithS3("an S3 bucket that is made", (start) => {
  let endpointUrl: string;
  let client: S3Client;
  let restore: () => void;
  const opened: S3Backend[] = [];
  const open = (bucket: string) => {
    const backend = new S3Backend(s3Config({ url: `s3://${bucket}/p`, endpointUrl }));
    opened.push(backend);
    return backend;
  };
  const newName = () => `made-${randomBytes(6).toString("hex")}`;
  beforeAll(async () => {
    restore = useServerKeys();
    endpointUrl = (await start()).endpoint;
    client = new S3Client({ endpoint: endpointUrl, region: "us-east-1", forcePathStyle: true });
  });
  afterAll(async () => {
    for (const one of opened) await one.close();
    client.destroy();
    restore();
  });

  it("takes objects, and removes uploads that broke off", async () => {
    const [Bucket, options] = [newName(), { versioned: false }];
    const backend = open(Bucket);
    expect((await failure(backend.save(format, Buffer.from("{}")))).hint).toMatch(/bucket.*store create/);
    expect(await backend.createPlace(options)).toMatchObject({
      made: true,
      settings: [expect.stringContaining("7 days")],
    });
    await backend.save(format, Buffer.from("{}"));
    expect((await read(backend, format)).toString()).toBe("{}");
    const { Rules } = await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
    expect(Rules).toMatchObject([{ Status: "Enabled", AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 } }]);
    expect((await client.send(new GetBucketVersioningCommand({ Bucket }))).Status).not.toBe("Enabled");
  });

  it("keeps old versions where that was asked for, and is left as it is when it is there", async () => {
    const [Bucket, options] = [newName(), { versioned: true }];
    expect((await open(Bucket).createPlace(options)).settings).toHaveLength(2);
    expect((await client.send(new GetBucketVersioningCommand({ Bucket }))).Status).toBe("Enabled");
    const own = {
      Rules: [{ ID: "own", Status: "Enabled" as const, Filter: { Prefix: "x/" }, Expiration: { Days: 3 } }],
    };
    await client.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: own }));
    expect(await open(Bucket).createPlace(options)).toEqual({ made: false, settings: [] });
    const { Rules } = await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
    expect(Rules).toMatchObject([{ ID: "own" }]);
  });
});
