import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, loadavg, release } from "node:os";
import { median } from "./measure.mjs";
import { markdown } from "./table.mjs";

/**
 * A table of medians. `samples`: step → what was measured, each `{ name, seconds, cpu, requests, saved }`. The last columns compare each pair of `ratios`
 * (`[of, to]`, names) by seconds of processor, which other work on the machine disturbs less, and by seconds.
 */
export function remoteTable(samples, ratios) {
  const names = [...new Set([...samples.values()].flat().map(({ name }) => name))];
  const pairs = ratios.filter((pair) => pair.every((name) => names.includes(name)));
  const head = ["step", ...names, ...pairs.map(([of, to]) => `${of} / ${to}: CPU, seconds`)];
  const lines = [...samples].map(([step, all]) => {
    const value = (name, what) => median(all.filter((one) => one.name === name).map((one) => one[what]));
    const quotient = (what, [of, to]) => {
      const ratio = value(of, what) / value(to, what);
      return Number.isFinite(ratio) ? `${ratio.toFixed(2)} ×` : "-";
    };
    const both = (pair) => `${quotient("cpu", pair)}, ${quotient("seconds", pair)}`;
    return [step, ...names.map((name) => cell(name, (what) => value(name, what))), ...pairs.map(both)];
  });
  return markdown([head, head.map(() => "---"), ...lines]).join("\n");
}

function cell(name, value) {
  const [seconds, cpu, requests, saved] = ["seconds", "cpu", "requests", "saved"].map(value);
  if (seconds === undefined) return "";
  const store = name.startsWith("git") ? "" : `, ${requests ?? 0} requests${saved > 0 ? `, ${size(saved)}` : ""}`;
  return `${seconds.toFixed(2)} s${cpu === undefined ? "" : ` (${cpu.toFixed(2)})`}${store}`;
}

function size(bytes) {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** What the figures depend on, as one sentence. `s3`: whether a server of it took part. */
export function environment({ s3, command, runs }) {
  const said = (program, ...args) => {
    const { stdout = "", stderr = "" } = spawnSync(program, args, { encoding: "utf8" });
    return `${stdout ?? ""}${stderr ?? ""}`.trim().split("\n")[0];
  };
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  const ceph = /ceph version \S+/.exec(said("radosgw", "--version"))?.[0];
  const parts = [
    `${cpus().length} cores, ${cpus()[0]?.model}`,
    `Linux ${release()}`,
    `Node ${process.version}`,
    said("git", "--version"),
    `mlgit ${version}`,
    said("ssh", "-V").split(",")[0],
    ...(s3 ? [`S3: ${ceph ?? "another server"} on the same machine, whose own work is not counted`] : []),
    `load ${loadavg()[0].toFixed(1)} at the end`,
  ];
  return `\`${command}\`; ${runs === 1 ? "1 run" : `medians of ${runs} runs`}. ${parts.join("; ")}.`;
}
