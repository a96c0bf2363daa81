import { runAddWorker } from "../../transfer/add-worker.ts";

void runAddWorker();
