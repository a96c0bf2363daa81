import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { createSandbox } from "../helper/sandbox.ts";

const box = createSandbox();
afterAll(() => box.remove());
beforeAll(() => box.init("r"));

it("takes in 600 MB in less than 250 MB of memory", async () => {
  const script = `head -c 600000000 /dev/zero | git-mlgit clean & pid=$!; peak=0
while kill -0 $pid 2>/dev/null; do
  now=$(awk '/VmHWM/ { print $2 }' /proc/$pid/status 2>/dev/null); [ "\${now:-0}" -gt "$peak" ] && peak=$now; sleep 0.05
done; wait $pid && echo "peak $peak"`;
  const { stdout } = await box.run("bash", ["-c", script], { cwd: box.path("r") });
  expect(stdout).toContain("size 600000000\n");
  const peak = Number(/peak (\d+)/.exec(stdout)?.[1]);
  expect(peak).toBeGreaterThan(20_000);
  expect(peak).toBeLessThan(250_000);
}, 120_000);
