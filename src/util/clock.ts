/** Milliseconds since some moment, with fractions. `performance.now` says the same, and Node loads ten modules for it when it is first asked (2 ms of a checkout). */
export function milliseconds(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}
