import { workerData } from "node:worker_threads";
import { runMd5Worker } from "../../util/md5-worker.ts";

runMd5Worker(workerData);
