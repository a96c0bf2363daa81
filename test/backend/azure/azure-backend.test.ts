import { AzureBackend } from "../../../src/backend/azure/azure-backend.ts";
import { azureConfig } from "../../../src/backend/azure/azure-config.ts";
import { type AzureServer, hasAzurite, startAzure, useAzureEnv } from "../../helper/azure-server.ts";
import { describeBackend } from "../contract.ts";

let server: AzureServer;
let restore: () => void;

describeBackend("azure", {
  skip: !hasAzurite(),
  open: async () => {
    server = await startAzure();
    restore = useAzureEnv(server.env);
    const url = `azure://${await server.newContainer()}/some/prefix`;
    return new AzureBackend(azureConfig({ url, guarantees: { exclusiveCreate: true, compareAndSwap: true } }));
  },
  cleanUp: async () => {
    restore();
    await server.stop();
  },
});
