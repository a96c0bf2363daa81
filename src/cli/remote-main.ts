import { MlgitError } from "../error/mlgit-error.ts";
import { runProcess } from "./process.ts";
import { reportError } from "./report-error.ts";

await runProcess(async () =>
  reportError(
    new MlgitError("unsupported", "mlgit:: remotes are not part of this version", {
      hint: "use an ordinary git remote and `git mlgit store add`",
    }),
  ),
);
