import { MlgitError } from "../error/mlgit-error.ts";
import { parseDuration } from "../util/duration.ts";
import type { Options } from "./command.ts";

export const graceOption = {
  flags: "--grace <duration>",
  description: "how long what nothing needs is kept (14d, 12h, 0); default: 14d",
};

/** Milliseconds. @throws MlgitError kind `usage` */
export function graceOf(options: Options): number {
  const text = (options.grace as string | undefined) ?? "14d";
  const grace = parseDuration(text);
  if (grace !== undefined) return grace;
  throw new MlgitError("usage", `not a duration: ${JSON.stringify(text)}`, { hint: "for instance 14d, 12h, 30m or 0" });
}
