export default {
  testEnvironment: "node",
  roots: ["<rootDir>/test"],
  testMatch: ["**/*.test.ts"],
  extensionsToTreatAsEsm: [".ts"],
  transform: {
    "^.+\\.ts$": ["@swc/jest", { jsc: { target: "es2022", parser: { syntax: "typescript" } }, module: { type: "es6" } }],
  },
  globalSetup: "<rootDir>/test/run/setup.mjs",
  globalTeardown: "<rootDir>/test/run/teardown.mjs",
  setupFilesAfterEnv: ["<rootDir>/test/run/equal-bytes.mjs"],
  testSequencer: "<rootDir>/test/run/longest-first.mjs",
  reporters: ["default", "<rootDir>/scripts/total-reporter.mjs"],
  testTimeout: 180_000,
  // One more than the cores of the smallest machine: each waits for processes and disks a sixth of its time.
  maxWorkers: 3,
};
