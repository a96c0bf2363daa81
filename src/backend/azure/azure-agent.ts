import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { Socket } from "node:net";
import { type ConnectionSource, readIntoOneBuffer } from "../one-buffer.ts";

export interface AgentSettings {
  readonly sockets: number;
  /** Milliseconds. */
  readonly connectTimeout: number;
  /** Milliseconds without a byte in either direction. */
  readonly idleTimeout: number;
}

/**
 * Keeps connections open, and ends one that cannot be opened or says nothing for too long: Azure's library knows only a limit for a whole request, and
 * a slow line is no error.
 */
export function watchfulAgent(endpoint: string, settings: AgentSettings): HttpAgent {
  const options = { keepAlive: true, maxSockets: settings.sockets, timeout: settings.idleTimeout };
  const agent = readIntoOneBuffer(endpoint.startsWith("https:") ? new HttpsAgent(options) : new HttpAgent(options));
  const source = agent as unknown as ConnectionSource;
  const create = source.createConnection.bind(agent);
  source.createConnection = (...args) => {
    const socket = create(...args);
    if (socket instanceof Socket) watch(socket, settings);
    return socket;
  };
  return agent;
}

function watch(socket: Socket, { connectTimeout, idleTimeout }: AgentSettings): void {
  const silent = (after: number) => {
    const error = new Error(`nothing came for ${after} ms`);
    return socket.destroy(Object.assign(error, { code: "ETIMEDOUT" }));
  };
  const opening = setTimeout(() => silent(connectTimeout), connectTimeout);
  socket.once("connect", () => clearTimeout(opening));
  socket.once("close", () => clearTimeout(opening));
  socket.on("timeout", () => silent(idleTimeout));
}
