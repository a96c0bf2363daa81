import { MlgitError } from "../error/mlgit-error.ts";
import { quotePath } from "../git/quote-path.ts";
import type { Cache } from "../store/local/cache.ts";
import { counted } from "../util/counted.ts";
import type { WantedContent } from "./content-map.ts";

/** Lines that are shown. */
const mostShown = 20;

/** What is neither in the cache nor in the store, counted and named. */
export function describeLost(lost: readonly WantedContent[]): string {
  const files = counted(lost.length, "file is", "files are");
  return [`${files} neither in the cache nor in the store:`, ...listed(lost)].join("\n");
}

/** `advice`: what else can be done where it is lost for good. */
export function lostContents(lost: readonly WantedContent[], advice?: string): MlgitError {
  const look =
    "run `git mlgit add <path>` where their bytes still are, or `git mlgit fetch` from a remote that has them";
  return new MlgitError("missing", describeLost(lost), {
    path: lost[0]?.path ?? "",
    hint: `${[look, ...(advice ? [advice] : [])].join("; ")}; nothing was pushed`,
  });
}

/** They may well be in the cache: whoever has the only copy must not be told to look for it elsewhere. */
export function unreadContents(
  absent: readonly WantedContent[],
  { unread }: Pick<Cache, "unread">,
): MlgitError | undefined {
  if (!unread) return undefined;
  const files = counted(absent.length, "file is", "files are");
  return new MlgitError(
    unread.kind,
    `${files} not in the store, and could not be found in the cache:\n${listed(absent).join("\n")}\n${unread.message}`,
    {
      ...(unread.path === undefined ? {} : { path: unread.path }),
      hint: `${unread.hint}; or \`git mlgit add <path>\` where their bytes still are. Nothing was pushed`,
      cause: unread,
    },
  );
}

function listed(contents: readonly WantedContent[]): string[] {
  const lines = contents
    .slice(0, mostShown)
    .map(({ path, oid }) => `  ${quotePath(Buffer.from(path))} (sha256:${oid})`);
  if (contents.length > lines.length) lines.push(`  … and ${contents.length - lines.length} more`);
  return lines;
}
