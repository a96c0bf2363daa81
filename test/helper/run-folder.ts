import { mkdirSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";

/** The folder that all workers of a test run share; test/run/setup.mjs makes it. */
export function runFolder(...parts: string[]): string {
  const folder = process.env.MLGIT_TEST_RUN;
  if (folder === undefined) throw new Error("MLGIT_TEST_RUN is not set: start the tests with npm test");
  return join(folder, ...parts);
}

/** The process that ends when the test run does, however it ends. */
export function runPid(): number {
  return Number(readFileSync(runFolder("pid"), "utf8"));
}

/** Runs `work` while no other worker of this run does anything under the same name. */
export async function oneAtATime<T>(name: string, work: () => Promise<T>): Promise<T> {
  const lock = runFolder(`${name}.lock`);
  while (!tryLock(lock)) await new Promise((resolve) => setTimeout(resolve, 50));
  try {
    return await work();
  } finally {
    rmdirSync(lock);
  }
}

function tryLock(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === "EEXIST") return false;
    throw error;
  }
}
