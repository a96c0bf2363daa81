import { workerData } from "node:worker_threads";
import { runHashWorker } from "../../util/hash-worker.ts";

runHashWorker(workerData);
