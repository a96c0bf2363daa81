import { runProcess } from "./process.ts";
import { run } from "./run.ts";

await runProcess((signal) => run(process.argv.slice(2), signal));
