import { readFileSync, statSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { specLimit } from "../entity/spec-limit.ts";
import { onDisk } from "../error/disk-error.ts";
import { exitCode } from "../error/exit-code.ts";
import { MlgitError } from "../error/mlgit-error.ts";
import { mergeFile } from "../git/merge-file.ts";
import type { Command } from "./command.ts";

/**
 * git's merge driver for specs (gitattributes(5), "Defining a custom merge driver"): `%O %A %B %L %P`. Two branches that each made a version do not
 * conflict in its number and what was counted for it; everything else is merged by git as text. The files are git's temporary ones.
 */
export const command: Command = {
  raw: true,
  arguments: [
    { name: "<base>", description: "file with what both come from" },
    { name: "<ours>", description: "file with our version; gets the result" },
    { name: "<theirs>", description: "file with the other version" },
    { name: "[marker-size]", description: "length of the marks of a conflict; default: 7" },
  ],
  async run({ cwd }, args) {
    const [base, ours, theirs] = args.slice(0, 3).map((name) => resolve(cwd, name));
    if (base === undefined || ours === undefined || theirs === undefined)
      throw new MlgitError("usage", "merge-spec needs three files", { hint: "git calls it to merge specs" });
    if ([base, ours, theirs].every((file) => statSync(file).size < specLimit)) {
      const { agreeOnVersion } = await import("../entity/merge-spec.ts");
      const [before, mine, other] = [base, ours, theirs].map((file) => readFileSync(file, "utf8")) as [
        string,
        string,
        string,
      ];
      const agreed = agreeOnVersion({ base: before, ours: mine, theirs: other });
      for (const [file, text] of [
        [base, agreed.base],
        [ours, agreed.ours],
        [theirs, agreed.theirs],
      ] as const)
        onDisk("write", file, () => writeFileSync(file, text));
    }
    const markerSize = /^\d{1,3}$/.test(args[3] ?? "") ? Number(args[3]) : 7;
    const clean = await mergeFile(cwd, { base, ours, theirs, markerSize });
    return { exitCode: clean ? exitCode.ok : exitCode.incomplete };
  },
};
