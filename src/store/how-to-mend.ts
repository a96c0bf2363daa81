/** The hint for bytes in a store that are not what they were. */
export const howToMend = "run `git mlgit fsck --store --paranoid --fix` in a clone that has the data";
