import { MlgitError } from "../../error/mlgit-error.ts";
import { gitActor } from "../../git/code-state.ts";
import { type MarkRecord, recordId } from "../../lineage/record.ts";
import { redactText } from "../../log/redact.ts";
import type { Action, Context, Options } from "../command.ts";
import { Session } from "../session.ts";
import { findArtifacts } from "./find-artifacts.ts";
import { type Lineage, openLineage } from "./open-lineage.ts";
import { writeRecords } from "./write-records.ts";

const words = ["taint", "retire", "note", "withdraw"] as const;

export const mark = {
  name: "mark",
  summary: "Say that something is tainted or retired, leave a note, or take that back",
  arguments: [
    { name: "<word>", description: `${words.join(", ")}` },
    { name: "<artifact>", description: "a file, a version, an oid …; for withdraw also the name of a mark" },
  ],
  options: [{ flags: "--reason <text>", description: "why; needed" }],
  async run(context, [word = "", artifact = ""], options) {
    const wanted = words.find((one) => one === word);
    if (!wanted)
      throw new MlgitError("usage", `${word} is no mark`, { hint: `git mlgit lineage mark ${words.join("|")} …` });
    if (typeof options.reason !== "string" || options.reason.trim() === "")
      throw new MlgitError("usage", "a mark needs a reason", { hint: "--reason 'labels were shuffled'" });
    const [lineage, session] = await Promise.all([openLineage(context), Session.open(context)]);
    const parts = await describe(session, options);
    const records =
      wanted === "withdraw"
        ? await withdrawals(artifact, parts, lineage)
        : await marksOf(artifact, wanted, parts, lineage);
    return write(records, context, session);
  },
} satisfies Action;

type Parts = Pick<MarkRecord, "v" | "type" | "reason" | "actor" | "t">;

async function describe({ repository, git }: Session, options: Options): Promise<Parts> {
  const reason = redactText(String(options.reason).trim());
  return { v: 1, type: "mark", reason, actor: await gitActor(repository, git), t: Date.now() };
}

async function marksOf(word: string, mark: MarkRecord["mark"], parts: Parts, lineage: Lineage): Promise<MarkRecord[]> {
  const { artifacts } = await findArtifacts(word, lineage.repository, lineage.index);
  return artifacts.map(({ oid, path, size }) => ({
    ...parts,
    mark,
    of: oid,
    path: path ?? null,
    ...(size === undefined ? {} : { size }),
  }));
}

/** By the mark's own name, or everything that is said of an artifact. */
async function withdrawals(word: string, parts: Parts, lineage: Lineage): Promise<MarkRecord[]> {
  const all = [...lineage.marks.values()].flat();
  const named = /^[0-9a-f]{6,64}$/.test(word) ? all.filter(({ id }) => id.startsWith(word)) : [];
  const found =
    named.length > 0
      ? named
      : (await findArtifacts(word, lineage.repository, lineage.index)).artifacts.flatMap(
          ({ oid }) => lineage.marks.get(oid) ?? [],
        );
  if (found.length === 0)
    throw new MlgitError("usage", `nothing is said of ${word} that could be taken back`, {
      hint: "git mlgit lineage marks lists what is",
    });
  return found.map(({ id, record }) => ({ ...parts, mark: "withdraw", of: id, path: record.path }));
}

async function write(records: readonly MarkRecord[], context: Context, session: Session) {
  await writeRecords(
    records.map((record) => ({ record, blobs: [] })),
    context,
    session,
  );
  const data = records.map((record) => ({ id: recordId(record), ...record }));
  const lines = data.map(({ id, mark, path, of }) => `${mark} ${path ?? of}  (mark ${id.slice(0, 12)})`);
  return { text: `${lines.join("\n")}\nthe next push shares it`, data };
}

export const marks = {
  name: "marks",
  summary: "List the marks in effect",
  async run(context) {
    const { marks: known } = await openLineage(context);
    const list = [...known.values()].flat().sort((a, b) => b.record.t - a.record.t);
    const line = ({ id, record }: (typeof list)[number]) =>
      `${record.mark}  ${record.path ?? record.of}  ${new Date(record.t).toISOString().slice(0, 10)}  ${record.actor.replace(/ <.*/, "")}: ${record.reason}  (mark ${id.slice(0, 12)})`;
    return { text: list.map(line).join("\n") || "no marks", data: list.map(({ id, record }) => ({ id, ...record })) };
  },
} satisfies Action;
