import type { Command } from "./command.ts";
import { drainAfterHook } from "./drain-deferred.ts";

/** git's hook post-checkout: hydrates what is deferred, so that hooks after it see real files. */
export const command: Command = { raw: true, run: drainAfterHook };
