/** A data set of shards. */
export const mediumFiles = {
  name: "medium-files",
  size: { files: 100, bytes: 10_000_000 },
  linked: true,
  smoke: { files: 5, bytes: 1_000_000 },
};
