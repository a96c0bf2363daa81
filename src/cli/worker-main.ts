import { workerData } from "node:worker_threads";

// Each thread loads only what it needs: the hash thread is started inside of a command that is short.
if ("hash" in workerData) {
  const { runHashWorker } = await import("../util/hash-worker.ts");
  runHashWorker(workerData.hash);
} else if ("md5" in workerData) {
  const { runMd5Worker } = await import("../util/md5-worker.ts");
  runMd5Worker(workerData);
} else if ("cut" in workerData) {
  const { runCutWorker } = await import("../transfer/cut-worker.ts");
  runCutWorker();
} else if ("frames" in workerData) {
  const { runFrameWorker } = await import("../chunk/frame-worker.ts");
  await runFrameWorker(workerData.frames);
} else {
  const { runAddWorker } = await import("../transfer/add-worker.ts");
  await runAddWorker();
}
