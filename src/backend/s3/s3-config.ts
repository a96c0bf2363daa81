import type { BackendOptions, CopyPlace, Guarantees } from "../backend.ts";
import { endpointFrom, prefixFrom, wrongOption } from "../bucket-url.ts";
import { parseStoreUrl } from "../location.ts";
import { type StoreAdvice, storeAdvice } from "../store-advice.ts";
import type { S3Place } from "./s3-error.ts";

export interface S3Config {
  readonly bucket: string;
  /** Empty, or ends with `/`. */
  readonly prefix: string;
  readonly endpoint: string | undefined;
  readonly region: string | undefined;
  readonly profile: string | undefined;
  /** `https://host/bucket` instead of `https://bucket.host`; undefined decides by the endpoint. */
  readonly pathStyle: boolean | undefined;
  readonly sse: "AES256" | "aws:kms" | undefined;
  readonly sseKmsKeyId: string | undefined;
  readonly requesterPays: boolean;
  readonly guarantees: Guarantees | undefined;
  readonly advice: StoreAdvice;
}

/**
 * Reads `s3://bucket/prefix` and the options that go with it. Nothing is decoded: the prefix is written as the bucket has it.
 * @throws MlgitError kind `setup`.
 */
export function s3Config(options: BackendOptions): S3Config {
  const { authority: bucket, path } = parseStoreUrl(options.url);
  if (!/^[a-zA-Z0-9][a-zA-Z0-9._-]{1,254}$/.test(bucket))
    throw wrongOption(options.url, `"${bucket}" is not a bucket's name`, "write it like s3://bucket/prefix");
  return {
    bucket,
    prefix: prefixFrom(options.url, path),
    endpoint: endpointFrom(options.endpointUrl, "https://s3.example.com"),
    region: regionFrom(options.region),
    profile: options.profile || undefined,
    pathStyle: options.pathStyle,
    sse: sseFrom(options.sse),
    sseKmsKeyId: options.sseKmsKeyId || undefined,
    requesterPays: options.requesterPays ?? false,
    guarantees: options.guarantees,
    advice: storeAdvice(options),
  };
}

/** How messages name the place. */
export function placeOf({ bucket, endpoint, profile = process.env.AWS_PROFILE, advice }: S3Config): S3Place {
  const where = endpoint === undefined ? "at AWS or the endpoint of your profile" : `at ${endpoint}`;
  return { bucket, where, profile, advice };
}

/** Buckets that one client with one set of credentials reaches. */
export function copyPlaceOf({ bucket, prefix, endpoint, region, profile, requesterPays }: S3Config): CopyPlace {
  return { server: JSON.stringify(["s3", endpoint, region, profile, requesterPays]), folder: `${bucket}/${prefix}` };
}

/** A region becomes part of a host name, and comes from a file that a clone brings along. */
function regionFrom(region: string | undefined): string | undefined {
  if (!region) return undefined;
  if (/^[a-zA-Z0-9-]{1,63}$/.test(region)) return region;
  throw wrongOption(region, "not a region", "write it like eu-central-1");
}

function sseFrom(sse: string | undefined): S3Config["sse"] {
  if (!sse) return undefined;
  if (sse === "AES256" || sse === "aws:kms") return sse;
  throw wrongOption(sse, "not a kind of server-side encryption", "it is AES256 or aws:kms");
}
