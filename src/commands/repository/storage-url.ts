import { MlgitError } from "../../error/mlgit-error.ts";
import type { Options } from "../command.ts";

/** ml-git's words, and the same without the `h`. */
export const storageTypes = ["s3h", "azureblobh", "gdriveh", "sftph", "s3", "sftp"];

/** The URL of the store that ml-git's way of naming a bucket means. @throws MlgitError kind `usage` for what lacks a part. */
export function storageUrl(bucket: string, options: Options): string {
  const type = String(options.type ?? "s3h");
  if (bucket === "") throw new MlgitError("usage", "which bucket?");
  if (type.startsWith("sftp")) return sftpUrl(bucket, options);
  if (type === "gdriveh") return driveUrl(bucket, options);
  return type === "azureblobh" ? `azure://${bucket}` : `s3://${bucket}`;
}

function sftpUrl(folder: string, options: Options): string {
  if (options.privateKey !== undefined)
    throw new MlgitError("usage", "--private-key is not kept here: ssh's own configuration names keys", {
      hint: "in ~/.ssh/config: `Host <host>`, below it `IdentityFile <file>`; an agent works too",
    });
  const host = String(options.endpointUrl ?? "")
    .replace(/^sftph?:\/\//, "")
    .replace(/\/+$/, "");
  if (host === "") throw new MlgitError("usage", "--endpoint-url is missing", { hint: "--endpoint-url=<host>" });
  const user = options.username === undefined ? "" : `${options.username}@`;
  const port = options.port === undefined ? "" : `:${options.port}`;
  return `sftp://${user}${host}${port}${folder.startsWith("/") ? "" : "/~/"}${folder}`;
}

/** Google's own login is rclone's business. */
function driveUrl(folder: string, { credentials }: Options): string {
  if (credentials !== undefined && /[/\\]/.test(String(credentials)))
    throw new MlgitError("usage", `--credentials=${credentials} is a path; Google Drive is reached through rclone`, {
      hint: "make a remote with `rclone config`, and write --credentials=<remote>",
    });
  return `gdriveh://${folder}`;
}
