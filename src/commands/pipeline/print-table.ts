import { MlgitError } from "../../error/mlgit-error.ts";
import { csvLine } from "../../util/csv.ts";
import type { Context, OptionSpec, Options } from "../command.ts";

export const tableOptions: readonly OptionSpec[] = [
  { flags: "--csv", description: "print comma-separated values" },
  { flags: "--md", description: "print a Markdown table" },
];

export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** In place of a table without rows, for people. */
  readonly empty: string;
}

/** A table as it was asked for: CSV, Markdown, drawn on a terminal, aligned by spaces elsewhere. @throws MlgitError kind `usage` for two at once. */
export async function formatTable(table: Table, context: Context, options: Options): Promise<string> {
  if (options.csv === true && options.md === true)
    throw new MlgitError("usage", "--csv and --md exclude each other", { hint: "choose one of them" });
  const lines = [table.columns, ...table.rows];
  if (options.csv === true) return lines.map(csvLine).join("\n");
  if (options.md === true) return markdown(table);
  if (table.rows.length === 0) return table.empty;
  return draw(table, isTerminal(context));
}

export function isTerminal({ output }: Context): boolean {
  return (output as { readonly isTTY?: boolean }).isTTY === true;
}

async function draw({ columns, rows }: Table, onTerminal: boolean): Promise<string> {
  const { default: Drawn } = await import("cli-table3");
  const plain = { head: [], border: [] };
  const drawn = onTerminal
    ? new Drawn({ head: [...columns], style: plain })
    : new Drawn({ chars: noLines, style: { ...plain, "padding-left": 0, "padding-right": 0 } });
  for (const row of onTerminal ? rows : [columns, ...rows]) drawn.push(row.map(oneLine));
  return drawn.toString().replace(/ +$/gm, "");
}

const sides = ["top", "bottom", "left", "right"];
const noLines = {
  ...Object.fromEntries(sides.flatMap((side) => ["", "-mid", "-left", "-right"].map((end) => [side + end, ""]))),
  ...{ mid: "", "mid-mid": "", middle: "  " },
};

function markdown({ columns, rows }: Table): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => oneLine(cell).replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(columns), line(columns.map(() => "---")), ...rows.map(line)].join("\n");
}

/** Also takes what would steer a terminal. */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, " ");
}
