/**
 * The environment of a git that sees what refs name: not what `git replace` shows in its place, and with the parents that commits have, not those that a
 * graft file gives them here. What is pushed, and what is kept, is that. Where there is a graft file, even an empty one, git says on stderr
 * that these are deprecated.
 */
export const asRecorded = { GIT_NO_REPLACE_OBJECTS: "1", GIT_GRAFT_FILE: "/dev/null/none" } as const;
