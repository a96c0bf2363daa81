import { existsSync, readFileSync, rmSync } from "node:fs";
import type { Sandbox } from "./sandbox.ts";

/** Runs git in a worktree and returns the paths it asked the filter to clean, as its packet trace tells. */
export async function cleanedBy(box: Sandbox, cwd: string, ...args: string[]): Promise<string[]> {
  const trace = box.path("packets");
  rmSync(trace, { force: true });
  await box.git(args, { cwd, env: { GIT_TRACE_PACKET: trace } });
  if (!existsSync(trace)) return [];
  const packets = readFileSync(trace, "utf8");
  return [...packets.matchAll(/git> command=clean\n.*?> pathname=(.*)\n/g)].map(([, path = ""]) => path).sort();
}
