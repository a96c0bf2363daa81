import type { Context } from "../commands/command.ts";
import { type ContextOptions, processContext } from "./process-context.ts";

/** Seconds from which on a command took long. */
const long = 1;

/** The log hears of commands that failed or took long; the others would only pay for it. */
export async function runInContext(
  name: string,
  options: ContextOptions,
  work: (context: Context) => Promise<number>,
): Promise<number> {
  const context = processContext(options);
  // `performance` would load a module that nothing else here needs.
  const begin = process.uptime();
  // Loading what writes the log takes 25 ms, which commands that wait for git or for threads have now, and not at their end.
  const readying = setTimeout(() => context.log.ready(), long * 1000).unref();
  try {
    const code = await work(context);
    const seconds = process.uptime() - begin;
    if (seconds > long) context.log.info(`${name} done`, { code, seconds: Number(seconds.toFixed(1)) });
    return code;
  } catch (error) {
    context.log.error(`${name} failed`, { error });
    throw error;
  } finally {
    clearTimeout(readying);
    await context.close();
  }
}
