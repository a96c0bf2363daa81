import { runCutWorker } from "../../transfer/cut-worker.ts";

runCutWorker();
