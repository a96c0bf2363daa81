import {
  CreateBucketCommand,
  HeadBucketCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketVersioningCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import type { MadePlace } from "../backend.ts";

/** Uploads in parts that broke off are paid for until somebody removes them. Days. */
const abandonedAfter = 7;

export interface BucketOptions {
  readonly bucket: string;
  readonly versioned: boolean;
}

/**
 * Makes a bucket unless it is there, which removes unfinished uploads by itself. A bucket that is there already keeps its own rules.
 * Errors are the SDK's.
 */
export async function createBucket(client: S3Client, { bucket: Bucket, versioned }: BucketOptions): Promise<MadePlace> {
  if (await exists(client, Bucket)) return { made: false, settings: [] };
  const region = await client.config.region();
  const place = region === "us-east-1" ? {} : { CreateBucketConfiguration: { LocationConstraint: region as never } };
  try {
    await client.send(new CreateBucketCommand({ Bucket, ...place }));
  } catch (error) {
    if ((error as Error).name === "BucketAlreadyOwnedByYou") return { made: false, settings: [] };
    throw error;
  }
  const settings = [`unfinished uploads are removed after ${abandonedAfter} days`];
  await client.send(
    new PutBucketLifecycleConfigurationCommand({
      Bucket,
      LifecycleConfiguration: {
        Rules: [
          {
            ID: "mlgit-unfinished-uploads",
            Status: "Enabled",
            Filter: { Prefix: "" },
            AbortIncompleteMultipartUpload: { DaysAfterInitiation: abandonedAfter },
          },
        ],
      },
    }),
  );
  if (versioned) {
    await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }));
    settings.push("old versions of objects are kept");
  }
  return { made: true, settings };
}

async function exists(client: S3Client, Bucket: string): Promise<boolean> {
  try {
    await client.send(new HeadBucketCommand({ Bucket }));
    return true;
  } catch (error) {
    if ((error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode === 404) return false;
    throw error;
  }
}
