import type { Kind } from "../../entity/kind.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { emptyTree, treeChanges, verifyCommit } from "../../git/changes.ts";
import { passThrough } from "../../git/pass-through.ts";
import { gitIn } from "../../git/repository.ts";
import { deleteTag, refsWith } from "../../git/tags.ts";
import type { Action, Options } from "../command.ts";
import { publishedVersions } from "../published.ts";
import { findEntity, needWorktree, type Worktree } from "./find-entity.ts";

const modes = ["hard", "mixed", "soft"] as const;
type Mode = (typeof modes)[number];

export function resetAction(kind: Kind) {
  return {
    name: "reset",
    summary: "Undo what is staged of an entity, or its last commit",
    arguments: [
      { name: "<name>", description: "of the entity" },
      { name: "[reference]", description: "HEAD (default), or HEAD~1 to undo the last commit with its version" },
    ],
    options: [
      { flags: "--hard", description: "files, too: changes are lost" },
      { flags: "--mixed", description: "files stay as they are, nothing of them is staged (the default)" },
      { flags: "--soft", description: "files stay, and so does what is staged" },
      { flags: "--reference <reference>", description: "the same as the second argument" },
    ],
    async run(context, [name = "", word], options) {
      const mode = modeOf(options);
      const reference = String(word ?? options.reference ?? "HEAD").toUpperCase();
      if (reference !== "HEAD" && reference !== "HEAD~1")
        throw new MlgitError("usage", `${reference} is neither HEAD nor HEAD~1`, {
          hint: `another version: git mlgit ${kind.folder} checkout ${name} --version=<n>`,
        });
      const repository = needWorktree(await context.repository());
      const { folder } = await findEntity(repository, kind, name);
      const undone = reference === "HEAD~1" ? await undoCommit(repository, name, folder) : undefined;
      await resetFolder(repository, folder, mode);
      const text = undone
        ? `undone: ${undone.commit.slice(0, 12)}${undone.tags.length > 0 ? ` with ${undone.tags.join(", ")}` : ""}`
        : `${folder} is as HEAD has it${mode === "hard" ? "" : ", but for its files"}`;
      return { text, data: { mode, reference, ...undone } };
    },
  } satisfies Action;
}

function modeOf(options: Options): Mode {
  const named = modes.filter((mode) => options[mode] === true);
  if (named.length > 1) throw new MlgitError("usage", `--${named[0]} and --${named[1]} exclude each other`);
  return named[0] ?? "mixed";
}

/** Takes back the last commit if it is this entity's alone and nobody else has it. Index and files stay. */
async function undoCommit(repository: Worktree, name: string, folder: string) {
  const commit = await verifyCommit(repository, "HEAD");
  if (commit === undefined) throw new MlgitError("usage", "there is no commit to undo");
  const parent = await verifyCommit(repository, "HEAD~1");
  const changes = await treeChanges(repository, parent ?? (await emptyTree(repository)), commit);
  const isInside = ({ path }: { readonly path: Buffer }) => path.toString("utf8").startsWith(`${folder}/`);
  if (changes.length === 0 || !changes.every(isInside))
    throw new MlgitError("refused", `the last commit is not one of ${name} alone`, {
      hint: "git log -1 --stat shows it; git reset, or git revert, for commits of other things",
    });
  if ((await refsWith(repository, commit, ["refs/remotes"])).length > 0)
    throw new MlgitError("refused", `the last commit of ${name} is published: others may have it`, {
      hint: "git revert HEAD undoes it by another commit",
    });
  const versions = await publishedVersions(repository);
  const tags = versions.filter((one) => one.commit === commit && one.name === name).map(({ tag }) => tag);
  // The commit goes first: a tag without it is what a later version takes over.
  if (parent === undefined) await gitIn(repository, ["update-ref", "-d", "HEAD", commit]);
  else await gitIn(repository, ["reset", "--soft", "-q", parent]);
  for (const tag of tags) await deleteTag(repository, tag);
  return { commit, tags };
}

async function resetFolder(repository: Worktree, folder: string, mode: Mode): Promise<void> {
  if (mode === "soft") return;
  const path = `:(top,literal)${folder}`;
  const { stdout } = await gitIn(repository, ["ls-files", "-z", "--", path]);
  // An entity that was never staged has nothing to undo.
  if (stdout.length === 0) return;
  if ((await verifyCommit(repository, "HEAD")) === undefined)
    return passThrough(repository, [
      "rm",
      "-r",
      "-q",
      "-f",
      "--sparse",
      ...(mode === "hard" ? [] : ["--cached"]),
      "--",
      path,
    ]);
  const where = mode === "hard" ? ["--staged", "--worktree"] : ["--staged"];
  await passThrough(repository, ["restore", "--source=HEAD", ...where, "--", path]);
}
