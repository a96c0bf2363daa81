import type { Rule } from "../web-error.ts";

export const again = "run the same command again; what was finished is kept";
const role =
  'give the login the role "Storage Blob Data Contributor" on the container, or the signature the rights read, create, write, delete and list';
const key =
  "check AZURE_STORAGE_CONNECTION_STRING or AZURE_STORAGE_KEY (az storage account keys list), or log in: az login";
const firewall = "ask who owns the account: its network rules may not let this machine in";
const retryable = { retryable: true };
const busy = { retryable: true, busy: true };
const ambiguous = { retryable: true, ambiguous: true };
const conflict: Rule = ["conflict", "somebody else was first", "fetch and try again"];
const protectedBy: Rule = [
  "denied",
  "a rule of the container keeps the object as it is",
  "see the container's immutability policy and legal holds",
];
const name: Rule = ["setup", "the server does not allow such a name", "check the store's URL"];

const refused = "access denied";
const tooFew = "this login or signature has too few rights";
/** It depends on the request whether it is refused. */
export const lacksRight: ReadonlySet<string> = new Set([refused, tooFew]);

/** By the server's error code. https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes */
export const byCode: Readonly<Record<string, Rule>> = {
  BlobNotFound: ["missing", "no such object", "run git mlgit fsck"],
  ContainerNotFound: ["unreachable", "there is no such container", "check its name and the account"],
  ContainerBeingDeleted: ["unreachable", "the container is being deleted", "wait a minute, then make it again"],
  ContainerDisabled: ["denied", "the container is disabled", "ask who owns the account"],
  AccountIsDisabled: ["denied", "the account is disabled", "ask who owns it"],
  AccountBeingCreated: ["unreachable", "the account is being made", "wait a minute and try again", retryable],
  AuthenticationFailed: ["denied", "the key or signature is wrong", key],
  // Of a key it is a wrong one (Azurite), of a signature too few rights, of either a closed network.
  AuthorizationFailure: ["denied", refused, `${key}; ${firewall}`],
  AuthorizationPermissionMismatch: ["denied", tooFew, role],
  InsufficientAccountPermissions: ["denied", tooFew, role],
  AuthorizationSourceIPMismatch: ["denied", "the signature is for another network address", key],
  AuthorizationProtocolMismatch: ["denied", "the signature is not for this protocol", "use an https endpoint"],
  AuthorizationResourceTypeMismatch: [
    "denied",
    "the signature is for another kind of thing",
    "make one for the container (az storage container generate-sas), or for the services' containers and objects (srt=co)",
  ],
  AuthorizationServiceMismatch: ["denied", "the signature is for another service", "make one for blobs (ss=b)"],
  KeyBasedAuthenticationNotPermitted: [
    "denied",
    "the account takes no keys, only logins",
    "unset the key and: az login",
  ],
  NoAuthenticationInformation: ["denied", "the server wants credentials", key],
  InvalidAuthenticationInfo: ["denied", "the server does not understand the credentials", key],
  PublicAccessNotPermitted: ["denied", "the server wants credentials", key],
  ConditionNotMet: conflict,
  TargetConditionNotMet: conflict,
  BlobAlreadyExists: conflict,
  // Another writer of the same object finished in between: its blocks are dropped by that.
  InvalidBlockList: ["unreachable", "somebody else wrote the same object meanwhile", again, retryable],
  InvalidBlobOrBlock: ["unreachable", "somebody else wrote the same object meanwhile", again, retryable],
  BlobImmutableDueToPolicy: protectedBy,
  BlobImmutableDueToLegalHold: protectedBy,
  SnapshotsPresent: [
    "refused",
    "the object has snapshots, which mlgit does not delete",
    "delete them yourself, or keep it",
  ],
  LeaseIdMissing: [
    "refused",
    "somebody has locked the object by a lease",
    "break the lease: az storage blob lease break",
  ],
  LeaseAlreadyPresent: ["refused", "somebody has locked it by a lease", "break the lease: az storage blob lease break"],
  BlobArchived: [
    "unsupported",
    "the object was moved to the archive tier",
    "rehydrate it in the container, and keep packs out of the archive tier",
  ],
  BlobBeingRehydrated: ["unsupported", "the object comes back from the archive tier", "try again in some hours"],
  InvalidBlobType: ["unsupported", "an object of another kind has this name", "use a prefix of the store's own"],
  InvalidRange: ["corrupt", "the object is shorter than it should be", "run git mlgit fsck"],
  Md5Mismatch: ["corrupt", "the bytes were damaged on the way", again, retryable],
  InvalidMd5: ["corrupt", "the bytes were damaged on the way", again, retryable],
  InvalidResourceName: name,
  OutOfRangeInput: name,
  ServerBusy: ["unreachable", "the server asks to slow down", again, busy],
  OperationTimedOut: ["unreachable", "the server took too long", again, ambiguous],
  InternalError: ["unreachable", "the server failed", again, ambiguous],
  InvalidHeaderValue: [
    "unsupported",
    "the server does not know this version of the protocol",
    "Azurite has to be started with --skipApiVersionCheck; see docs/backend/azure.md",
  ],
  FeatureNotYetSupportedForHierarchicalNamespaceAccounts: [
    "unsupported",
    "the account cannot do this",
    "use an account without a hierarchical namespace",
  ],
};

/** By HTTP status, where no code is known: proxies answer in their own words. */
export const byStatus: Readonly<Record<number, Rule>> = {
  400: ["unsupported", "the server does not accept the request", "check the endpoint and docs/backend/azure.md"],
  401: byCode.NoAuthenticationInformation as Rule,
  403: byCode.AuthorizationFailure as Rule,
  404: byCode.BlobNotFound as Rule,
  409: conflict,
  412: conflict,
  416: byCode.InvalidRange as Rule,
  408: byCode.OperationTimedOut as Rule,
  429: byCode.ServerBusy as Rule,
  503: byCode.ServerBusy as Rule,
};

export const lost: Rule = ["unreachable", "the connection was lost", again, ambiguous];
export const slow: Rule = [
  "unreachable",
  "the server does not answer in time",
  `check the network and the endpoint; ${again}`,
  // Each try took a minute without a byte.
  { ...ambiguous, maxRetries: 3 },
];
export const notAzure: Rule = [
  "unreachable",
  "what answers there is not Azure's blob service",
  "check the account, the endpoint and the network",
];
export const expired: Rule = [
  "denied",
  "the signature (SAS) has expired",
  "get a new one and set AZURE_STORAGE_SAS_TOKEN",
];
export const early: Rule = ["denied", "the signature (SAS) is not valid yet", "wait, or get another one"];
export const clock: Rule = [
  "denied",
  "this machine's clock differs too much from the server's",
  "set this machine's clock (timedatectl), then run the same command again",
];
export const noSuchAccount: Rule = [
  "unreachable",
  "no host has this name",
  "check the account's name; is the machine online? other clouds need --endpoint-url",
];
