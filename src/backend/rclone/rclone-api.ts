import { request } from "node:http";
import { interruptedError } from "../backend-error.ts";
import { networkError } from "../web-error.ts";
import type { RcloneDaemon } from "./rclone-daemon.ts";
import { rcloneError } from "./rclone-error.ts";

export interface Call {
  /** Parameters by rclone's names: https://rclone.org/rc/ */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** The object that it is about, for messages. */
  readonly key: string;
  readonly signal?: AbortSignal | undefined;
}

/** rclone's remote control, for one remote. */
export class RcloneApi {
  readonly #daemon: RcloneDaemon;
  readonly #remote: string;

  constructor(daemon: RcloneDaemon, remote: string) {
    this.#daemon = daemon;
    this.#remote = remote;
  }

  /**
   * Calls one command, `operations/stat` and the like, and gives its answer. How long it takes is rclone's to limit: it sees what moves.
   * @throws BackendError; kind `interrupted` leaves it to rclone whether the work was done.
   */
  async call<T>(command: string, { parameters, key, signal }: Call): Promise<T> {
    const { status, text } = await this.#post(command, { parameters, key, signal });
    if (status !== 200) throw rcloneError(status, text, { key, remote: this.#remote });
    return JSON.parse(text) as T;
  }

  #post(command: string, { parameters, key, signal }: Call): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const fail = (error: unknown) =>
        reject(signal?.aborted ? interruptedError(key) : networkError(error, key, `rclone:${this.#remote}:`));
      const body = JSON.stringify(parameters);
      const headers = {
        ...this.#daemon.headers,
        "content-type": "application/json",
        "content-length": Buffer.byteLength(body),
      };
      // A connection of its own: one that was kept may just be closed, and not every command can be sent twice.
      const options = { method: "POST", headers, agent: false, ...(signal ? { signal } : {}) };
      const sent = request(`${this.#daemon.url}/${command}`, options, (answer) => {
        const parts: Buffer[] = [];
        answer.on("data", (part: Buffer) => parts.push(part));
        answer.on("error", fail);
        answer.on("end", () =>
          resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(parts).toString("utf8") }),
        );
      });
      sent.on("error", fail);
      sent.end(body);
    });
  }
}
