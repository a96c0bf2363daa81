import { loadCodec } from "./codec.ts";
import { doTask, type FrameMemory, takeTask } from "./frame-tasks.ts";

/** Body of a thread of a FrameCrew. It never returns: it sleeps until there are tasks. */
export async function runFrameWorker(memory: FrameMemory): Promise<never> {
  const codec = await loadCodec();
  for (;;) {
    const seen = Atomics.load(memory.turn, 0);
    for (let task = takeTask(memory); task !== undefined; task = takeTask(memory))
      doTask(memory, task, (plain) => codec.compress(plain).bytes);
    Atomics.wait(memory.turn, 0, seen);
  }
}
