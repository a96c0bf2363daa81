import { median } from "./measure.mjs";

/** Medians of all runs of one case: step → tool → numbers. */
export function summarize(samples) {
  const steps = new Map();
  for (const { step, tool, ...numbers } of samples) {
    const tools = steps.get(step) ?? new Map();
    steps.set(step, tools.set(tool, [...(tools.get(tool) ?? []), numbers]));
  }
  return [...steps].map(([step, tools]) => ({
    step,
    tools: Object.fromEntries([...tools].map(([tool, runs]) => [tool, mediansOf(runs)])),
  }));
}

function mediansOf(runs) {
  const of = (key) => median(runs.map((run) => run[key]));
  const seconds = runs.map((run) => run.seconds);
  const store = { uploaded: of("uploaded"), objects: of("objects"), requests: of("requests") };
  const spread = Math.max(...seconds) / Math.min(...seconds);
  return { seconds: of("seconds"), spread, memory: of("memory"), ...store };
}

/** A Markdown table of one case: seconds, and as ratios to cp -r, openssl and git-lfs. */
export function formatTable(rows) {
  const tools = [...new Set(rows.flatMap(({ tools }) => Object.keys(tools)))].filter((name) => name !== "baseline");
  const baseline = (name) => rows.find(({ step }) => step === name)?.tools.baseline?.seconds;
  const [copy, synced, hash] = ["cp -r", "cp -r, fsync", "openssl sha256"].map(baseline);
  const head = [
    "step",
    ...tools,
    "mlgit / cp -r",
    "mlgit / cp -r, fsync",
    "mlgit / sha256",
    "mlgit / git-lfs",
    "uploaded",
    "objects",
    "requests",
    "peak MB",
  ];
  const lines = rows
    .filter(({ tools: of }) => !of.baseline)
    .map(({ step, tools: of }) => [
      step,
      ...tools.map((name) => seconds(of[name]?.seconds)),
      ...[copy, synced, hash, of["git-lfs"]?.seconds].map((other) => ratio(of.mlgit?.seconds, other)),
      perTool(tools, of, ({ uploaded }) => (uploaded === undefined ? undefined : `${(uploaded / 1e6).toFixed(1)} MB`)),
      perTool(tools, of, ({ objects }) => objects),
      of.mlgit?.requests ?? "",
      perTool(tools, of, ({ memory }) => (memory === undefined ? undefined : Math.round(memory / 1e6))),
    ]);
  const yard = `cp -r ${seconds(copy)}, with fsync ${seconds(synced)}, openssl dgst -sha256 ${seconds(hash)} (medians, seconds)`;
  return [yard, "", ...markdown([head, head.map(() => "---"), ...lines]), ""].join("\n");
}

function perTool(tools, of, value) {
  const texts = tools.map((name) => (of[name] ? value(of[name]) : undefined));
  return texts.some((text) => text !== undefined) ? texts.map((text) => text ?? "-").join(" / ") : "";
}

function seconds(value) {
  return value === undefined ? "" : value < 10 ? value.toFixed(2) : value.toFixed(1);
}

function ratio(value, other) {
  return value === undefined || !other ? "" : `${(value / other).toFixed(2)}×`;
}

export function markdown(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => String(row[column]).length)));
  return rows.map((row) => `| ${row.map((cell, column) => String(cell).padEnd(widths[column])).join(" | ")} |`);
}
