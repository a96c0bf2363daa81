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
  // Of what? Days were meant with `remote gc` once, seconds with the others, and what is gone does not come back.
  if (/^\d+$/.test(text) && Number(text) > 0)
    throw new MlgitError("usage", `--grace ${text} has no unit`, {
      hint: `--grace ${text}d is that many days; h are hours, m minutes`,
    });
  const grace = parseDuration(text);
  if (grace !== undefined) return grace;
  throw new MlgitError("usage", `not a duration: ${JSON.stringify(text)}`, { hint: "for instance 14d, 12h, 30m or 0" });
}
