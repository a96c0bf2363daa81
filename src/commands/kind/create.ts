import { existsSync } from "node:fs";
import { join } from "node:path";
import { placeOf } from "../../entity/entity-path.ts";
import type { Kind } from "../../entity/kind.ts";
import { mutabilities } from "../../entity/mutability.ts";
import { folderProblem } from "../../entity/name-rules.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { gitText } from "../../git/run.ts";
import type { Action, Context } from "../command.ts";
import { build, readSource } from "./create/build.ts";
import { readSpecOptions } from "./create/options.ts";
import { findEntities, needWorktree } from "./find-entity.ts";
import { assertNoTwin } from "./no-twin.ts";
import { askForEntity, wizardOption } from "./wizard.ts";

export function createAction(kind: Kind) {
  return {
    name: "create",
    summary: `Make the folder, spec and attributes of a new ${kind.name}`,
    arguments: [{ name: "<name>", description: "of the entity; a part of its version tags" }],
    options: [
      { flags: "--categories <list>", description: "one or more words with commas; version tags begin with them" },
      { flags: "--mutability <rule>", description: "whether published files may change", choices: mutabilities },
      { flags: "--entity-dir <dir>", description: `folder between ${kind.folder}/ and the name` },
      { flags: "--bucket-name <name>", description: "the bucket that the spec names as its storage" },
      { flags: "--storage-type <scheme>", description: "scheme of that bucket; default: s3h" },
      { flags: "--store-type <scheme>", description: "the same as --storage-type" },
      { flags: "--version <n>", description: "number of the first version; default: 1" },
      { flags: "--import <path>", description: "a folder or file that is copied into data/" },
      { flags: "--import-url <url>", description: "a file that is downloaded into data/, by http or https" },
      { flags: "--unzip", description: "unpack zip archives that were imported, and keep what was in them" },
      { flags: "--credentials-path <path>", description: "ml-git's, for Google Drive: says how that is reached now" },
      wizardOption,
      { flags: "--wizard-config", description: "ml-git's old name of --wizard" },
    ],
    async run(context, [name = ""], given) {
      const options = await askForEntity(context, given);
      const spec = readSpecOptions(name, options);
      const dir = String(options.entityDir ?? "");
      const problem = folderProblem(dir);
      if (problem) throw new MlgitError("usage", `--entity-dir ${JSON.stringify(dir)} ${problem}`);
      const repository = needWorktree(await context.repository());
      const [known] = await findEntities(repository, kind, name);
      const place = placeOf(kind, name, dir);
      if (known || existsSync(join(repository.workTree, place.folder)))
        throw new MlgitError("conflict", `${known?.folder ?? place.folder} exists already`, {
          path: known?.folder ?? place.folder,
          hint: "choose another name, or work with the one that is there",
        });
      await assertNoTwin(repository, { place, categories: spec.categories });
      await build(context, repository.workTree, { place, spec, source: readSource(context, options) });
      await warnWithoutFilter(context);
      return {
        text: `${place.folder} is ready: put files into ${place.folder}/data, then git mlgit ${kind.folder} add ${name}`,
        data: { name, folder: place.folder, spec: place.spec, version: spec.version },
      };
    },
  } satisfies Action;
}

/** With the attributes but without the filter, git would quietly commit the bytes themselves. */
async function warnWithoutFilter(context: Context): Promise<void> {
  if ((await gitText(["config", "--get", "filter.mlgit.process"], { cwd: context.cwd })) === undefined)
    context.warn("git does not know mlgit's filter here yet, and would commit raw bytes; run: git mlgit init");
}
