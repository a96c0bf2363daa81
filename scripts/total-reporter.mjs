import { writeSync } from "node:fs";

// Ends a test run with one plain line for people and machines: `N passed, N failed`. jest loads reporters as default exports.
// biome-ignore lint/style/noDefaultExport: jest's interface
export default class TotalReporter {
  onRunComplete(_contexts, results) {
    // A file that could not even be loaded has no failed tests, yet is a failure.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    // jest prints its own summary after all reporters; this line comes last.
    process.once("exit", () => writeSync(2, `\n${results.numPassedTests} passed, ${failed} failed\n`));
  }

  getLastError() {}
}
