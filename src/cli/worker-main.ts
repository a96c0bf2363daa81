import { runAddWorker } from "../transfer/add-worker.ts";

await runAddWorker();
