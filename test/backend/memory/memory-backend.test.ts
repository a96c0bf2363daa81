import { MemoryBackend } from "../../../src/backend/memory/memory-backend.ts";
import { describeBackend } from "../contract.ts";

describeBackend("memory", { open: async () => new MemoryBackend() });
