import { exitCode } from "../../error/exit-code.ts";
import { gitIn, type Repository } from "../../git/repository.ts";
import type { Artifact } from "../../lineage/trace.ts";
import type { Action } from "../command.ts";
import { currentDeploys } from "./deploy.ts";
import { findArtifacts } from "./find-artifacts.ts";
import { CopyFinder, stillIn, type Wanted } from "./in-tree.ts";
import { type Lineage, openLineage } from "./open-lineage.ts";

/** More branches and tags than this are not looked into one by one. */
const mostRefs = 2000;
/** Copies under other paths are looked for in so many; each costs a walk over all its files. */
const mostSearched = 100;

export const mayIDelete = {
  name: "may-i-delete",
  summary: "Say what still needs something; exit code 1 if anything does",
  arguments: [{ name: "<artifact>", description: "a file, a version, an oid …" }],
  async run(context, [word = ""]) {
    const lineage = await openLineage(context);
    const { artifacts } = await findArtifacts(word, lineage.repository, lineage.index);
    const { runs } = await lineage.trace(artifacts, "down");
    const made = [...runs.values()].flatMap(({ out }) => out);
    // Of an oid alone the runs that used it may know the size.
    const sizes = new Map([...runs.values()].flatMap((run) => run.in.map(({ oid, size }) => [oid, size] as const)));
    const itself = artifacts.map((one): Wanted => withSize(one, one.size ?? sizes.get(one.oid)));
    const reasons = [
      ...(await deployReasons([...artifacts, ...made], lineage)),
      ...(await refReasons(itself, "it is in", lineage)),
      ...(await refReasons(made, "something made from it is in", lineage)),
    ];
    const text =
      reasons.length === 0
        ? `yes: no branch, tag or deployment has ${word} or anything made from it`
        : [`no:`, ...reasons.map(({ text }) => `  ${text}`)].join("\n");
    return {
      text,
      data: { mayDelete: reasons.length === 0, reasons },
      exitCode: reasons.length === 0 ? exitCode.ok : exitCode.incomplete,
    };
  },
} satisfies Action;

function withSize({ oid, path }: Artifact, size: number | undefined): Wanted {
  return { oid, path, ...(size === undefined ? {} : { size }) };
}

interface Reason {
  readonly text: string;
  readonly path: string | null;
  /** A branch or tag, or the name of an environment. */
  readonly where: string;
}

async function deployReasons(artifacts: readonly Artifact[], lineage: Lineage): Promise<Reason[]> {
  const oids = new Set(artifacts.map(({ oid }) => oid));
  return (await currentDeploys(lineage)).flatMap(({ record }) => {
    const used = record.in.find(({ oid }) => oids.has(oid));
    const where = record.labels.env ?? "";
    return used
      ? [{ text: `${where} runs ${record.labels.what}, which is made from it or is it`, path: used.path, where }]
      : [];
  });
}

async function refReasons(wanted: readonly Wanted[], words: string, { repository }: Lineage): Promise<Reason[]> {
  const reasons: Reason[] = [];
  const copies = new CopyFinder(repository, wanted);
  for (const [i, ref] of (await refsOf(repository)).entries()) {
    const found = [...(await stillIn(ref, wanted, repository)), ...(i < mostSearched ? await copies.in(ref) : [])];
    for (const path of new Set(found.map((one) => one.path)))
      reasons.push({ text: `${words} ${ref}: ${path}`, path: path ?? null, where: ref });
  }
  return reasons;
}

async function refsOf(repository: Repository): Promise<string[]> {
  const args = [
    "for-each-ref",
    `--count=${mostRefs}`,
    "--format=%(refname:short)",
    "refs/heads",
    "refs/tags",
    "refs/remotes",
  ];
  return (await gitIn(repository, args)).stdout.toString("utf8").split("\n").filter(Boolean);
}
