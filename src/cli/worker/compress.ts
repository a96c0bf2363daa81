import { workerData } from "node:worker_threads";
import { runFrameWorker } from "../../chunk/frame-worker.ts";

void runFrameWorker(workerData);
