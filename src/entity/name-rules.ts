/**
 * What is wrong with the name of an entity or a category, or undefined. Both become parts of tags and folders, so git's rules for refs
 * (git-check-ref-format) hold, and `__` is kept for the joints of a tag.
 */
export function nameProblem(text: string): string | undefined {
  if (text === "") return "must not be empty";
  if (text.length > 100) return "must not be longer than 100 characters";
  if (/[\p{Cc}\s~^?*:[\]\\/]/u.test(text)) return "must not hold spaces or any of ~ ^ ? * : [ ] \\ /";
  if (text.includes("..") || text.includes("@{")) return 'must not hold ".." or "@{"';
  if (text.includes("__")) return 'must not hold "__", which joins the parts of a version tag';
  if (/^[-.@_]|[._]$|\.lock$/.test(text)) return 'must not begin with - . @ _ nor end with . _ or ".lock"';
  return undefined;
}

/** What is wrong with `--entity-dir`: a relative folder of plain names. */
export function folderProblem(dir: string): string | undefined {
  if (dir.startsWith("/")) return "must be relative to the folder of the kind";
  const parts = dir.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) return 'must not leave the folder of the kind ("..")';
  if (parts.some((part) => /[\p{Cc}\\]/u.test(part) || part.toLowerCase() === ".git"))
    return "must be made of plain folder names";
  return undefined;
}
