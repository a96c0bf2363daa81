import { findRepository, type Repository } from "../git/repository.ts";
import type { Context } from "./command.ts";

/** The same context as if the command had been started in another folder. Nothing of the first one is opened by it. */
export function contextIn(context: Context, cwd: string): Context {
  let found: Promise<Repository> | undefined;
  const repository = () => {
    found ??= findRepository(cwd);
    return found;
  };
  return Object.create(context, { cwd: { value: cwd }, repository: { value: repository } }) as Context;
}
