import { runCutWorker } from "../../transfer/cut-worker.ts";

void runCutWorker();
