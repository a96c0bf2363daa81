import { markdown } from "../table.mjs";

/** What is stored, and the seconds it took, by shape and place. */
export function tableOf(results, tools) {
  const names = tools.map(({ name }) => name);
  return [...storedTable(results, names), "", ...timeTable(results)].join("\n");
}

function storedTable(results, names) {
  const head = ["all versions kept", "as whole files", ...names];
  const lines = results.map(({ title, versions, bytes, kept }) => {
    const stored = (name) => kept.find(({ tool, place }) => tool === name && place === "folder")?.stored;
    const cells = names.map((name) => (stored(name) === undefined ? "" : amount(stored(name), bytes)));
    return [`${title} (${versions})`, `${megabytes(bytes)} MB`, ...cells];
  });
  return markdown([head, head.map(() => "---"), ...lines]);
}

function amount(stored, bytes) {
  return `${megabytes(stored)} MB, ${(stored / bytes).toFixed(2)}×`;
}

function megabytes(bytes) {
  return (bytes / 1e6).toFixed(0);
}

function timeTable(results) {
  const head = [
    "seconds (of processor)",
    "into",
    "by",
    "first version",
    "the others together",
    "mlgit's seconds, of these",
  ];
  const lines = results.flatMap(({ name, kept }) =>
    kept.map(({ tool, place, first, later }) => {
      const ours = kept.find((one) => one.tool === "mlgit" && one.place === place);
      const ratio = ours ? (ours.first.seconds + ours.later.seconds) / (first.seconds + later.seconds) : undefined;
      const beside = tool === "mlgit" || ratio === undefined ? "" : `${ratio.toFixed(2)}×`;
      return [name, place, tool, time(first), time(later), beside];
    }),
  );
  return markdown([head, head.map(() => "---"), ...lines]);
}

function time({ seconds, cpu }) {
  return `${seconds.toFixed(2)} (${(cpu ?? 0).toFixed(2)})`;
}
