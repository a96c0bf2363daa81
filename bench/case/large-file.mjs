/** One file as large as a model; afterwards 1 MB in its middle changes. */
export const largeFile = {
  name: "large-file",
  size: { files: 1, bytes: 2_000_000_000 },
  linked: true,
  smoke: { files: 1, bytes: 20_000_000 },
  edit: { bytes: 1_000_000, smoke: 100_000 },
  /** Plain git compresses and deltifies this for minutes. */
  slowForGit: true,
};
