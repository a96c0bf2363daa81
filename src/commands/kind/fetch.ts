import type { Kind } from "../../entity/kind.ts";
import { exitCode } from "../../error/exit-code.ts";
import { counted } from "../../util/counted.ts";
import { formatBytes } from "../../util/format-bytes.ts";
import type { Action } from "../command.ts";
import { fetchAnywhere } from "../fetch-anywhere.ts";
import { Session } from "../session.ts";
import { treeFiles } from "../tracked-files.ts";
import { countOf, patienceOptions } from "./hydrate-versions.ts";
import { leftOut } from "./restore-version.ts";
import { sampleOptions, sampleWish } from "./sample-options.ts";
import { findVersion } from "./versions.ts";

export function fetchAction(kind: Kind) {
  return {
    name: "fetch",
    summary: "Bring the data of a version into the cache; the worktree stays",
    arguments: [{ name: "<name>", description: "of the entity, for its latest version, or a version's tag" }],
    options: [
      { flags: "--version <n>", description: "another version than the latest" },
      ...patienceOptions.slice(0, 1),
      ...sampleOptions(kind),
    ],
    async run(context, [word = ""], options) {
      const retries = countOf("--retry", options.retry) ?? 2;
      const wish = sampleWish(options);
      const session = await Session.open(context);
      const progress = context.progress("Fetching");
      try {
        const { repository } = session;
        const version = await findVersion(repository, kind, { word, number: countOf("--version", options.version) });
        const skip = await leftOut(repository, version, wish ?? "all");
        const prefix = Buffer.byteLength(version.place.folder) + 1;
        const not = new Set(skip.map((path) => path.subarray(prefix).toString("latin1")));
        const files = (await treeFiles(repository, version.tree)).filter(
          ({ path }) => !not.has(path.toString("latin1")),
        );
        const cache = await session.cache();
        const absent = () => files.filter(({ oid }) => !cache.has(oid));
        const sum = { fetched: 0, received: 0, failed: new Map<string, Error>() };
        for (let attempt = 0; attempt <= retries && absent().length > 0; attempt++) {
          const report = await fetchAnywhere(absent(), { session, context, remote: undefined, meter: progress });
          sum.fetched += report.fetched;
          sum.received += report.received;
          sum.failed = new Map(report.failed);
        }
        for (const message of new Set([...sum.failed.values()].map((error) => error.message))) context.warn(message);
        const failed = [...sum.failed].map(([oid, error]) => ({ oid, message: error.message }));
        return {
          text: `${files.length - failed.length} of ${counted(files.length, "file")} of ${version.version.tag} ${files.length === 1 ? "is" : "are"} in the cache; ${formatBytes(sum.received)} received`,
          data: { tag: version.version.tag, files: files.length, fetched: sum.fetched, received: sum.received, failed },
          exitCode: failed.length > 0 ? exitCode.incomplete : exitCode.ok,
        };
      } finally {
        progress.done();
        await session.close();
      }
    },
  } satisfies Action;
}
