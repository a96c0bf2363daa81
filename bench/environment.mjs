import { execFileSync } from "node:child_process";
import { cpus, loadavg, release, totalmem, type } from "node:os";

/** What figures depend on, besides the tools that are compared: machine, system, and the programs that all of them run on. */
export function environment() {
  return {
    cpus: cpus().length,
    model: cpus()[0]?.model,
    memory: totalmem(),
    system: `${type()} ${release()}`,
    node: process.version,
    git: execFileSync("git", ["version"], { encoding: "utf8" }).trim(),
    load: loadavg(),
  };
}

/** The same in a line; `how`: how often was measured. */
export function describeEnvironment({ cpus: cores, model, memory, system, node, git, load }, how) {
  const machine = `${cores} cores, ${model}, ${Math.round(memory / 2 ** 30)} GiB, ${system}`;
  return `${git}, Node ${node}; ${machine}; ${how}; load ${load[0].toFixed(1)} at the end`;
}
