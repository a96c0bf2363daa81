import { join } from "node:path";
import { runProbe } from "../git/probe-command.ts";
import type { Json } from "../lineage/canonical-json.ts";
import { blobName } from "../lineage/run-record.ts";
import { redactText } from "../log/redact.ts";
import { machineFacts } from "./machine.ts";
import { builtinProbes, isBuiltin, joinProbes } from "./probe-list.ts";
import type { Shop } from "./shop.ts";
import type { Probe, Stage } from "./stage.ts";

/** What a run is made with. Format: docs/format/records.md, "Environment". */
export interface CapturedEnvironment {
  readonly facts: Readonly<Record<string, Json>>;
  /** What probes printed: shared blobs that the facts name. */
  readonly blobs: readonly Uint8Array[];
}

type ProbeShop = Pick<Shop, "top" | "signal" | "probes" | "probeTimeoutMs" | "info">;

/** Asks the machine, the user's probes and the stage's, all at once. What a probe cannot say is noted, and fails nothing. */
export async function captureEnvironment(stage: Stage, shop: ProbeShop): Promise<CapturedEnvironment> {
  const probes = joinProbes(shop.probes, stage.probes);
  const answers = await Promise.all(probes.map((probe) => ask(probe, stage, shop)));
  const blobs = answers.flatMap(({ output }) => (output.length > 0 ? [output] : []));
  const named = answers.map(({ name, output, problem }) => {
    if (problem !== undefined) shop.info(`${stage.name}: the probe ${name} ${problem}`);
    const known = output.length > 0 ? { oid: blobName(output) } : {};
    return [name, { ...known, ...(problem === undefined ? {} : { problem }) }];
  });
  const facts = { ...machineFacts(), ...(named.length > 0 ? { probes: Object.fromEntries(named) } : {}) };
  return { facts, blobs };
}

async function ask(probe: Probe, stage: Stage, shop: ProbeShop) {
  const { name } = probe;
  const { output, problem } = await runProbe(probe.cmd, {
    cwd: join(shop.top, stage.wdir),
    env: { MLGIT_STAGE: stage.name },
    signal: shop.signal,
    timeoutMs: shop.probeTimeoutMs,
  });
  const text = output.toString("utf8");
  const tidy = isBuiltin(probe) ? builtinProbes[name]?.tidy : undefined;
  return { name, problem, output: Buffer.from(redactText(tidy ? tidy(text) : text)) };
}
