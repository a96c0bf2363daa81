import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { openBackend } from "../../src/backend/all.ts";
import type { Backend } from "../../src/backend/backend.ts";
import { BackendError } from "../../src/backend/backend-error.ts";
import { fileUrl } from "../../src/backend/file/file-config.ts";
import { MemoryBackend } from "../../src/backend/memory/memory-backend.ts";
import { probeGuarantees } from "../../src/backend/probe.ts";
import { describeWithS3, useServerKeys } from "../helper/s3-server.ts";
import { failure, format, names } from "./contract.ts";
import { withFaults } from "./faulty.ts";

/** A place that treats the conditions of a save in its own way. */
function weakened(save: (strong: Backend) => Backend["save"]): Backend {
  const strong = new MemoryBackend();
  return { ...withFaults(strong, []), save: save(strong) };
}

describe("probe", () => {
  it("finds every guarantee where there are all, and leaves nothing behind", async () => {
    const memory = new MemoryBackend();
    expect(await probeGuarantees(memory)).toEqual({ exclusiveCreate: true, compareAndSwap: true });
    expect(await names(memory, "gc")).toEqual([]);
  });

  it("finds out a place that ignores conditions", async () => {
    const memory = weakened((strong) => (handle, body) => strong.save(handle, body));
    expect(await probeGuarantees(memory)).toEqual({ exclusiveCreate: false, compareAndSwap: false });
    expect(await names(memory, "gc")).toEqual([]);
  });

  it("finds out a place that looks first and writes later", async () => {
    const memory = weakened((strong) => async (handle, body, options = {}) => {
      const found = await strong.stat(handle).catch(() => undefined);
      const wrong = (options.ifAbsent && found) || (options.ifMatch !== undefined && found?.tag !== options.ifMatch);
      if (wrong) throw new BackendError("conflict", "somebody else was first");
      await new Promise((resolve) => setImmediate(resolve));
      return strong.save(handle, body);
    });
    expect(await probeGuarantees(memory)).toEqual({ exclusiveCreate: false, compareAndSwap: false });
  });

  it("takes a refusal of conditions for an answer, and a lost connection for none", async () => {
    const refusing = weakened((strong) => async (handle, body, options = {}) => {
      if (options.ifAbsent) throw new BackendError("unsupported", "not implemented");
      return strong.save(handle, body, options);
    });
    expect(await probeGuarantees(refusing)).toEqual({ exclusiveCreate: false, compareAndSwap: true });
    const broken = weakened(() => async () => {
      throw new BackendError("unreachable", "no network");
    });
    expect((await failure(probeGuarantees(broken))).kind).toBe("unreachable");
  });

  it("finds exclusive creation and no swap in a folder, also before the store is made", async () => {
    const top = await mkdtemp(join(tmpdir(), "mlgit-probe-"));
    const backend = await openBackend({ url: fileUrl(join(top, "store")) });
    expect((await failure(backend.stat(format))).kind).toBe("unreachable");
    expect(await probeGuarantees(backend)).toEqual({ exclusiveCreate: true, compareAndSwap: false });
    expect(await names(backend, "gc")).toEqual([]);
    await rm(top, { recursive: true });
  });
});

describeWithS3("probe of an S3 server", (start) => {
  it("finds both guarantees of Ceph's gateway", async () => {
    const restore = useServerKeys();
    const server = await start();
    const backend = await openBackend({ url: `s3://${await server.newBucket()}`, endpointUrl: server.endpoint });
    expect(backend.properties.exclusiveCreate).toBeUndefined();
    expect(await probeGuarantees(backend)).toEqual({ exclusiveCreate: true, compareAndSwap: true });
    expect(await names(backend, "gc")).toEqual([]);
    await backend.close();
    restore();
  });
});
