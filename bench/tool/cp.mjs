/** What every other number is compared with: the same bytes copied, and hashed, by the system's own programs. */
export const baselines = {
  "cp -r": (data, target) => ["cp", "-r", data, target],
  // A push has to wait for the disk; cp does not.
  "cp -r, fsync": (data, target) => [
    "sh",
    "-c",
    'cp -r "$1" "$2" && find "$2" -type f -exec sync {} + && find "$2" -type d -exec sync {} +',
    "sh",
    data,
    `${target}-synced`,
  ],
  "openssl sha256": (data) => ["find", data, "-type", "f", "-exec", "openssl", "dgst", "-sha256", "{}", "+"],
};
