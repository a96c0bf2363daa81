import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { BackendOptions } from "../../backend/backend.ts";
import type { Context, OptionSpec, Options } from "../command.ts";

/** Options that name a place to read another tool's data from. */
export const placeFlags: readonly OptionSpec[] = [
  { flags: "--from <url>", description: "a folder or the URL of a place that has the data in that tool's own layout" },
  { flags: "--endpoint-url <url>", description: "the server, for S3 that is not AWS" },
  { flags: "--region <region>", description: "the bucket's region" },
  { flags: "--profile <profile>", description: "your credentials' profile" },
  { flags: "--path-style", description: "the bucket's name goes into the path" },
];

/** The place that `--from` names; undefined without it. */
export function placeOf(context: Context, options: Options): BackendOptions | undefined {
  if (typeof options.from !== "string") return undefined;
  const isUrl = /^[a-z][a-z0-9+.-]*:/i.test(options.from);
  return { url: isUrl ? options.from : pathToFileURL(resolve(context.cwd, options.from)).href, ...serverOf(options) };
}

/** How to reach a place, without which one. */
export function serverOf(options: Options): Omit<BackendOptions, "url"> {
  return {
    ...(typeof options.endpointUrl === "string" ? { endpointUrl: options.endpointUrl } : {}),
    ...(typeof options.region === "string" ? { region: options.region } : {}),
    ...(typeof options.profile === "string" ? { profile: options.profile } : {}),
    ...(options.pathStyle === true ? { pathStyle: true } : {}),
  };
}
