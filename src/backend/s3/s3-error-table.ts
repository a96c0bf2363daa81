import type { ErrorKind } from "../../error/exit-code.ts";
import type { BackendErrorOptions } from "../backend-error.ts";

/** What an answer means, in words, and what to do. */
export type Rule = readonly [kind: ErrorKind, what: string, hint: string, more?: BackendErrorOptions];

export const again = "run the same command again; what was finished is kept";
const credentials =
  "check AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run aws configure / aws sso login";
const clock = "set this machine's clock (timedatectl), then run the same command again";
const retryable = { retryable: true };
const busy = { retryable: true, busy: true };
export const ambiguous = { retryable: true, ambiguous: true };

/** By the server's error code. https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
export const byCode: Readonly<Record<string, Rule>> = {
  NoSuchKey: ["missing", "no such object", "run git mlgit fsck"],
  NoSuchBucket: ["unreachable", "there is no such bucket", "check the bucket's name and the endpoint"],
  NoSuchUpload: ["unreachable", "the server forgot the upload", again, retryable],
  InvalidBucketName: ["setup", "the server does not allow such a bucket name", "check the store's URL"],
  AccessDenied: [
    "denied",
    "access denied",
    "these credentials need s3:ListBucket on the bucket and s3:GetObject, s3:PutObject, s3:DeleteObject below the prefix",
  ],
  AllAccessDisabled: ["denied", "all access to the bucket is disabled", "ask who owns the bucket"],
  AccountProblem: ["denied", "the account has a problem", "ask who owns the bucket"],
  InvalidAccessKeyId: ["denied", "the server does not know this access key", credentials],
  SignatureDoesNotMatch: ["denied", "the secret key is wrong", credentials],
  ExpiredToken: [
    "denied",
    "the credentials have expired",
    "get new ones (aws sso login), then run the same command again",
  ],
  InvalidToken: ["denied", "the session token is not valid", credentials],
  TokenRefreshRequired: ["denied", "the credentials have to be renewed", credentials],
  CredentialsProviderError: ["denied", "no credentials were found", credentials],
  // The client learns the difference from the answer, so that the second try has the right time.
  RequestTimeTooSkewed: [
    "denied",
    "this machine's clock differs too much from the server's",
    clock,
    { retryable: true, maxRetries: 2 },
  ],
  RequestExpired: ["denied", "this machine's clock differs too much from the server's", clock],
  AuthorizationHeaderMalformed: ["setup", "the region is wrong", "name the bucket's region with --region"],
  PermanentRedirect: [
    "setup",
    "the bucket is in another region or at another endpoint",
    "name its region with --region or its endpoint with --endpoint-url",
  ],
  IllegalLocationConstraintException: ["setup", "the region is wrong", "name the bucket's region with --region"],
  PreconditionFailed: ["conflict", "somebody else was first", "fetch and try again"],
  // AWS and Ceph use two names; both mean that another request on this key is going on.
  ConditionalRequestConflict: ["conflict", "somebody else is writing it", "fetch and try again", retryable],
  ConcurrentModification: ["conflict", "somebody else is writing it", "fetch and try again", retryable],
  OperationAborted: ["conflict", "somebody else is writing it", "fetch and try again", retryable],
  SlowDown: ["unreachable", "the server asks to slow down", again, busy],
  ServiceUnavailable: ["unreachable", "the server is busy", again, busy],
  Throttling: ["unreachable", "the server asks to slow down", again, busy],
  RequestTimeout: ["unreachable", "the server waited too long for data", again, ambiguous],
  InternalError: ["unreachable", "the server failed", again, ambiguous],
  BadDigest: ["corrupt", "the bytes were damaged on the way", again, retryable],
  XAmzContentSHA256Mismatch: ["corrupt", "the bytes were damaged on the way", again, retryable],
  IncompleteBody: ["corrupt", "the bytes were cut off on the way", again, retryable],
  InvalidRange: ["corrupt", "the object is shorter than it should be", "run git mlgit fsck"],
  QuotaExceeded: ["disk", "the bucket's quota is used up", "free some space there (git mlgit gc), or raise the quota"],
  NotImplemented: [
    "unsupported",
    "the server cannot do this",
    "see docs/backend/s3.md for what a server has to be able to do",
  ],
  EntityTooLarge: ["unsupported", "the object is too large for the server", "see docs/backend/s3.md"],
  InvalidObjectState: [
    "unsupported",
    "the object was moved to an archive class",
    "restore it in the bucket, and keep packs out of archive classes",
  ],
};

/** By HTTP status, where no code is known: a HEAD has no body, and proxies answer in their own words. */
export const byStatus: Readonly<Record<number, Rule>> = {
  301: byCode.PermanentRedirect as Rule,
  307: ["setup", "the bucket is at another endpoint", "name it with --endpoint-url"],
  400: ["denied", "the server does not accept the request", `${credentials}; check the region and the endpoint too`],
  401: ["denied", "the server wants other credentials", credentials],
  403: byCode.AccessDenied as Rule,
  404: byCode.NoSuchKey as Rule,
  405: byCode.NotImplemented as Rule,
  408: byCode.RequestTimeout as Rule,
  409: byCode.OperationAborted as Rule,
  411: byCode.NotImplemented as Rule,
  412: byCode.PreconditionFailed as Rule,
  416: byCode.InvalidRange as Rule,
  429: byCode.SlowDown as Rule,
  501: byCode.NotImplemented as Rule,
  503: byCode.ServiceUnavailable as Rule,
  507: byCode.QuotaExceeded as Rule,
};

const network = "check the network and the endpoint";
const certificate = "check the endpoint; for an own certificate authority set AWS_CA_BUNDLE to its file";

/** By system error, where no answer came. */
export const bySystem: Readonly<Record<string, Rule>> = {
  ENOTFOUND: ["unreachable", "no host has this name", `${network}; is the machine online?`],
  EAI_AGAIN: [
    "unreachable",
    "the name server does not answer",
    `${network}; is the machine online?`,
    { retryable: true, maxRetries: 3 },
  ],
  ECONNREFUSED: [
    "unreachable",
    "nothing answers there",
    `${network}; is the server running?`,
    { retryable: true, maxRetries: 3 },
  ],
  EHOSTUNREACH: ["unreachable", "the host cannot be reached", network, { retryable: true, maxRetries: 3 }],
  ENETUNREACH: ["unreachable", "there is no network", network, { retryable: true, maxRetries: 3 }],
  EPROTO: ["unreachable", "the server does not speak TLS there", "is it http:// instead of https://?"],
  ERR_TLS_CERT_ALTNAME_INVALID: [
    "unreachable",
    "the certificate is for another host",
    `${certificate}; or try --path-style`,
  ],
  CERT_HAS_EXPIRED: ["unreachable", "the server's certificate has expired", certificate],
  DEPTH_ZERO_SELF_SIGNED_CERT: ["unreachable", "the server's certificate is not trusted", certificate],
  SELF_SIGNED_CERT_IN_CHAIN: ["unreachable", "the server's certificate is not trusted", certificate],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ["unreachable", "the server's certificate is not trusted", certificate],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: ["unreachable", "the server's certificate is not trusted", certificate],
};

export const lost: Rule = ["unreachable", "the connection was lost", again, ambiguous];
/** Each try took a minute without a byte. */
export const slow: Rule = [
  "unreachable",
  "the server does not answer in time",
  `${network}; ${again}`,
  { ...ambiguous, maxRetries: 3 },
];
export const notS3: Rule = [
  "unreachable",
  "what answers there is not an S3 server",
  "check the endpoint and the network",
];
