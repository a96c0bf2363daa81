import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const time = "/usr/bin/time";
export const canMeasureMemory = existsSync(time);

/** Runs a command to its end; throws when it fails. */
export function run(command, { cwd, env }) {
  const result = spawnSync(command[0], command.slice(1), { cwd, env, encoding: "utf8", maxBuffer: 1 << 28 });
  if (result.status !== 0) throw new Error(`${command.join(" ")}: exit ${result.status}\n${result.stderr}`);
  return result;
}

/**
 * Runs a command and measures it.
 * @returns {{seconds: number, cpu: number | undefined, memory: number | undefined, stderr: string}} cpu: seconds of all processes
 * memory: the largest process of the tree, in bytes
 */
export function measure(command, { cwd, env, scratch }) {
  // What earlier steps left unwritten must not be paid for by this one.
  spawnSync("sync");
  const report = join(scratch, "time");
  const wrapped = canMeasureMemory ? [time, "-f", "%M %U %S", "-o", report, ...command] : command;
  const begin = performance.now();
  const { stderr } = run(wrapped, { cwd, env });
  const seconds = (performance.now() - begin) / 1000;
  if (!canMeasureMemory) return { seconds, cpu: undefined, memory: undefined, stderr };
  const [size, user, system] = readFileSync(report, "utf8").trim().split("\n").at(-1).split(" ").map(Number);
  return { seconds, cpu: user + system, memory: size * 1024, stderr };
}

export function median(values) {
  const sorted = values.filter((value) => value !== undefined).sort((a, b) => a - b);
  if (sorted.length === 0) return undefined;
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
