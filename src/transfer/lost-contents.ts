import { MlgitError } from "../error/mlgit-error.ts";
import { quotePath } from "../git/quote-path.ts";
import type { Cache } from "../store/local/cache.ts";
import { counted } from "../util/counted.ts";
import type { WantedContent } from "./content-map.ts";

/** Lines that are shown. */
const mostShown = 20;

/** What is neither in the cache nor in the store, counted and named. */
export function describeLost(lost: readonly WantedContent[]): string {
  return [`${versions(lost)} neither in the cache nor in the store:`, ...listed(lost)].join("\n");
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
  return new MlgitError(
    unread.kind,
    `${versions(absent)} not in the store, and could not be found in the cache:\n${listed(absent).join("\n")}\n${unread.message}`,
    {
      ...(unread.path === undefined ? {} : { path: unread.path }),
      hint: `${unread.hint}; or \`git mlgit add <path>\` where their bytes still are. Nothing was pushed`,
      cause: unread,
    },
  );
}

/** A history may lack several contents of one path. */
function versions(contents: readonly WantedContent[]): string {
  const files = new Set(contents.map(({ path }) => path)).size;
  if (files === contents.length) return counted(files, "file is", "files are");
  return `${contents.length} versions of ${counted(files, "file")} are`;
}

function listed(contents: readonly WantedContent[]): string[] {
  const lines = contents
    .slice(0, mostShown)
    .map(({ path, oid }) => `  ${quotePath(Buffer.from(path))} (sha256:${oid})`);
  if (contents.length > lines.length) lines.push(`  … and ${contents.length - lines.length} more`);
  return lines;
}
