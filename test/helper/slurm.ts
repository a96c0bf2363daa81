import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { end, freePort, isInstalled } from "./web-server.ts";

export interface Slurm {
  /** What its programs need in their environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Until no job is left: how each ended, by its name and, in an array, its number. */
  finished(): Promise<Record<string, string>>;
  stop(): Promise<void>;
}

/** Whether it can be run here: it is installed, and its daemons have the root that they need. */
export function canRunSlurm(): boolean {
  return process.getuid?.() === 0 && ["munged", "slurmctld", "slurmd", "sbatch"].every(isInstalled);
}

/** A cluster of this machine alone: munged, slurmctld and slurmd with files of their own, on 127.0.0.1. */
export async function startSlurm(): Promise<Slurm> {
  const folder = mkdtempSync(join(tmpdir(), "mlgit-slurm-"));
  const started: ChildProcess[] = [];
  const stop = async () => {
    for (const child of started.reverse()) await end(child);
    rmSync(folder, { recursive: true, force: true });
  };
  const start = (program: string, ...args: string[]) => {
    const log = openSync(join(folder, `${program}.out`), "w");
    const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin`, SLURM_CONF: join(folder, "slurm.conf") };
    started.push(spawn(program, args, { stdio: ["ignore", log, log], env }));
    closeSync(log);
  };
  const ask = (program: string, ...args: string[]) =>
    execFileSync(program, args, { env: { ...process.env, SLURM_CONF: join(folder, "slurm.conf") } }).toString();
  try {
    for (const name of ["state", "spool", "munge"]) mkdirSync(join(folder, name));
    writeFileSync(join(folder, "munge/key"), randomBytes(1024), { mode: 0o600 });
    chmodSync(join(folder, "munge"), 0o755);
    const ports = [await freePort(), await freePort()] as const;
    writeFileSync(join(folder, "slurm.conf"), configuration(folder, ports));
    const files = ["key", "socket", "log", "seed", "pid"].map(
      (name) => `--${name}${name === "socket" ? "" : "-file"}=${join(folder, "munge", name)}`,
    );
    start("munged", "--foreground", "--force", "--num-threads=2", ...files);
    start("slurmctld", "-D", "-c", "-f", join(folder, "slurm.conf"));
    start("slurmd", "-D", "-N", "n1", "-f", join(folder, "slurm.conf"));
    await until(() => /idle/.test(tried(() => ask("sinfo", "-h", "-o", "%t"))), folder);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    env: { SLURM_CONF: join(folder, "slurm.conf"), SBATCH_OUTPUT: join(folder, "job-%j.out") },
    stop,
    async finished() {
      await until(() => tried(() => ask("squeue", "-h")).trim() === "", folder);
      const jobs = ask("scontrol", "show", "jobs", "-o").split("\n");
      return Object.fromEntries(
        jobs.flatMap((line) => {
          const [, name = "", state = ""] = /JobName=(\S+).*JobState=(\S+)/.exec(line) ?? [];
          const task = /ArrayTaskId=(\d+)/.exec(line)?.[1];
          return name === "" ? [] : [[task === undefined ? name : `${name}_${task}`, state]];
        }),
      );
    },
  };
}

/** Single node, nothing of the machine's own configuration, no cgroups and no accounting. */
function configuration(folder: string, [control, node]: readonly [number, number]): string {
  const host = hostname().split(".")[0];
  return `ClusterName=mlgit
SlurmctldHost=${host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
SlurmctldPort=${control}
SlurmdPort=${node}
AuthType=auth/munge
AuthInfo=socket=${folder}/munge/socket
CredType=cred/munge
StateSaveLocation=${folder}/state
SlurmdSpoolDir=${folder}/spool
SlurmctldPidFile=${folder}/slurmctld.pid
SlurmdPidFile=${folder}/slurmd.pid
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0
SlurmdParameters=config_overrides
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
ReturnToService=2
MessageTimeout=60
SlurmdTimeout=0
NodeName=n1 NodeHostname=${host} NodeAddr=127.0.0.1 Port=${node} CPUs=2 State=UNKNOWN
PartitionName=main Nodes=n1 Default=YES MaxTime=INFINITE State=UP
`;
}

async function until(isSo: () => boolean, folder: string): Promise<void> {
  const begin = Date.now();
  while (!isSo()) {
    if (Date.now() - begin > 280_000) throw new Error(`Slurm: ${logsOf(folder)}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function logsOf(folder: string): string {
  return ["munged", "slurmctld", "slurmd"]
    .map((name) => tried(() => readFileSync(join(folder, `${name}.out`), "utf8")))
    .join("\n");
}

/** What the daemon is not up for yet has no answer. */
function tried(ask: () => string): string {
  try {
    return ask();
  } catch {
    return "no answer";
  }
}
