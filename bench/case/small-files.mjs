/** A data set of many small files: labels, thumbnails, snippets. */
export const smallFiles = {
  name: "small-files",
  size: { files: 10_000, bytes: 10_000 },
  manyFiles: true,
  smoke: { files: 200, bytes: 10_000 },
};
