import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { readIntoOneBuffer } from "../one-buffer.ts";
import type { S3Api } from "./s3-api.ts";
import { SdkClient } from "./s3-client.ts";
import type { S3Config } from "./s3-config.ts";
import { leaveLargePayloadsUnsigned } from "./s3-payload-hash.ts";

export interface S3ClientOptions {
  readonly sockets: number;
  readonly connectTimeout: number;
  /** Milliseconds without a byte in either direction. */
  readonly idleTimeout: number;
  readonly onRequest: () => void;
}

/** Makes the client of a bucket. Makes no request yet; reads the AWS configuration files. */
export async function createS3Client(config: S3Config, options: S3ClientOptions): Promise<S3Api> {
  // Once per process it would tell our users on stderr which Node the SDK wants next year.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
  const settings = clientConfig(config, options);
  const client = new S3Client(settings);
  const usable = (await hasRegion(client)) ? client : new S3Client({ ...settings, region: "us-east-1" });
  leaveLargePayloadsUnsigned(usable);
  return new SdkClient(usable, config, options.onRequest);
}

function clientConfig(config: S3Config, options: S3ClientOptions): S3ClientConfig {
  const { endpoint, profile } = config;
  const region = config.region ?? process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION;
  const custom = endpoint ?? process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL;
  const agent = { keepAlive: true, maxSockets: options.sockets };
  return {
    ...(endpoint && { endpoint }),
    ...(region && { region }),
    ...(profile && { profile }),
    // A dot in the bucket's name breaks the wildcard certificate of bucket.host.
    forcePathStyle: config.pathStyle ?? (custom !== undefined || config.bucket.includes(".")),
    followRegionRedirects: custom === undefined,
    // Tried again by retry-policy.ts, for every backend alike.
    maxAttempts: 1,
    // Trailing checksums are refused or stored as data by several servers; Content-MD5 does the same work.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    expectContinueHeader: false,
    logger: { trace() {}, debug() {}, info() {}, warn() {}, error() {} },
    requestHandler: new NodeHttpHandler({
      httpAgent: readIntoOneBuffer(new HttpAgent(agent)),
      httpsAgent: readIntoOneBuffer(new HttpsAgent(agent)),
      connectionTimeout: options.connectTimeout,
      socketTimeout: options.idleTimeout,
    }),
  };
}

async function hasRegion(client: S3Client): Promise<boolean> {
  return client.config.region().then(
    () => true,
    () => false,
  );
}
