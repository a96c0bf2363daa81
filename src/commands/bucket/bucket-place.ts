import type { Backend } from "../../backend/backend.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import type { Context, OptionSpec, Options } from "../command.ts";
import { storageUrl } from "../repository/storage-url.ts";

/** ml-git's words for the kind of a bucket, and the same with the `h` of its storages. */
const types = ["s3", "gdrive", "s3h", "azureblobh", "gdriveh"];

/** How a bucket of plain files is named, for `import` and `export` alike. */
export const bucketOptions: readonly OptionSpec[] = [
  { flags: "--credentials <profile>", description: "profile of your credentials; for gdrive the rclone remote" },
  { flags: "--region <region>", description: "the bucket's region" },
  { flags: "--endpoint-url <url>", description: "the server, of S3 that is not AWS" },
  { flags: "--endpoint <url>", description: "the same as --endpoint-url" },
  { flags: "--storage-type <type>", description: "what kind of place it is; default: s3", choices: types },
  { flags: "--bucket-type <type>", description: "the same as --storage-type", choices: types },
  { flags: "--retry <n>", description: "ask again that often where it cannot be reached; default: 2" },
  { flags: "--force", description: "replace files that are there and differ" },
];

/** Opens a bucket by its name, or any place by the URL that a store there would have. Only the command line says where: nothing of a clone is used. */
export async function openBucket(context: Context, bucket: string, options: Options): Promise<Backend> {
  const { credentials, region } = options;
  const endpointUrl = options.endpointUrl ?? options.endpoint;
  return context.openBackend({
    url: urlOf(bucket, options),
    ...(credentials === undefined ? {} : { profile: String(credentials) }),
    ...(region === undefined ? {} : { region: String(region) }),
    ...(endpointUrl === undefined ? {} : { endpointUrl: String(endpointUrl) }),
  });
}

function urlOf(bucket: string, options: Options): string {
  if (/^[a-z][a-z0-9+.-]*:/i.test(bucket)) return bucket;
  const type = String(options.storageType ?? options.bucketType ?? "s3").replace(/^gdrive$/, "gdriveh");
  return storageUrl(bucket, { type, credentials: options.credentials });
}

/** @throws MlgitError kind `refused` for the place of a store: plain files among its objects would be in the way of both. */
export async function refuseStore(backend: Backend, signal: AbortSignal): Promise<void> {
  const isStore = await backend.stat({ type: "format", name: "mlgit.json" }, signal).then(
    () => true,
    (error) => {
      if (backend.isNotFound(error)) return false;
      throw error;
    },
  );
  if (isStore)
    throw new MlgitError("refused", `${backend.location} is a store of mlgit, not a bucket of plain files`, {
      hint: "name another bucket, or a folder of it: <bucket>/<folder>",
    });
}
