// `npm install` leaves optional packages out of package-lock.json that it cannot fetch at that moment, and `npm ci` then refuses the file.
// This adds the missing ones of other platforms by name; npm never fetches those where it runs. Usage: node scripts/complete-lock.mjs [--check]
import { readFile, writeFile } from "node:fs/promises";

const path = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(await readFile(path, "utf8"));
const added = Object.entries(lock.packages).flatMap(([parent, { optionalDependencies = {}, dev }]) =>
  Object.entries(optionalDependencies)
    .filter(([name]) => !(`node_modules/${name}` in lock.packages || `${parent}/node_modules/${name}` in lock.packages))
    .map(([name, version]) => [`node_modules/${name}`, entryOf({ name, version, dev })]),
);
if (process.argv.includes("--check")) {
  for (const [key] of added) console.error(`package-lock.json lacks ${key}`);
  process.exitCode = added.length > 0 ? 1 : 0;
} else if (added.length > 0) {
  const packages = Object.entries(lock.packages).concat(added);
  lock.packages = Object.fromEntries(packages.sort(([a], [b]) => (a < b ? -1 : 1)));
  await writeFile(path, `${JSON.stringify(lock, null, 2)}\n`);
}

/** Such packages are named after their platform: `linux-arm64-musl`. */
function entryOf({ name, version, dev }) {
  const [os, cpu, ...rest] =
    /((?:android|darwin|freebsd|linux|openharmony|win32)-.*)$/.exec(name)?.[1].split("-") ?? [];
  if (!cpu || !/^\d/.test(version)) throw new Error(`${name}@${version}: not a package of one platform`);
  const libc = os === "linux" ? { libc: [rest.join().startsWith("musl") ? "musl" : "glibc"] } : {};
  return { version, cpu: [cpu], ...(dev ? { dev } : {}), ...libc, optional: true, os: [os] };
}
