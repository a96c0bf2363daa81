import type { Context } from "../commands/command.ts";
import { type ContextOptions, processContext } from "./process-context.ts";

/** The log hears of commands that failed or took long; the others would only pay for it. */
export async function runInContext(
  name: string,
  options: ContextOptions,
  work: (context: Context) => Promise<number>,
): Promise<number> {
  const context = processContext(options);
  // `performance` would load a module that nothing else here needs.
  const begin = process.uptime();
  try {
    const code = await work(context);
    const seconds = process.uptime() - begin;
    if (seconds > 1) context.log.info(`${name} done`, { code, seconds: Number(seconds.toFixed(1)) });
    return code;
  } catch (error) {
    context.log.error(`${name} failed`, { error });
    throw error;
  } finally {
    await context.close();
  }
}
