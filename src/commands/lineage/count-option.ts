import { MlgitError } from "../../error/mlgit-error.ts";

/** How many runs an option asks for; undefined where it is not given. @throws MlgitError kind `usage`. */
export function countOption(name: string, value: unknown): number | undefined {
  if (value === undefined) return undefined;
  if (/^[1-9]\d{0,8}$/.test(String(value))) return Number(value);
  throw new MlgitError("usage", `${name} ${value} is no number of runs`, {
    hint: `a whole number from 1 on: ${name} 10`,
  });
}
