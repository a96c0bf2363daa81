/** What can be done about a repository in a store that lost something. */
export const restoreHint =
  "run `git mlgit remote fsck --fix` in a clone that is up to date; it restores what that clone has";
