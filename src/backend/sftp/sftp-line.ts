import type { SFTPWrapper } from "ssh2";

type Call<T> = (sftp: SFTPWrapper, done: (error: Error | null | undefined, value: T) => void) => void;

/**
 * The requests of one SFTP channel. ssh2 never answers one that is made after the channel's end, or while that is on its way: whoever waits is told here.
 */
export class SftpLine {
  readonly #sftp: SFTPWrapper;
  readonly #waiting = new Set<(error: Error) => void>();
  #isOpen = true;

  constructor(sftp: SFTPWrapper) {
    this.#sftp = sftp;
  }

  /** False after the connection broke: what comes next needs a new one. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** The connection is gone, and no answer will come any more. */
  close(): void {
    this.#isOpen = false;
    for (const tell of this.#waiting) tell(lost());
    this.#waiting.clear();
  }

  /** One request. Rejects with what the server answers, or with an error without a status when the connection is gone. */
  ask<T>(call: Call<T>): Promise<T> {
    if (!this.#isOpen) return Promise.reject(lost());
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject);
      try {
        call(this.#sftp, (error, value) => {
          this.#waiting.delete(reject);
          if (error) reject(error);
          else resolve(value);
        });
      } catch (error) {
        // An extension that the server does not have.
        this.#waiting.delete(reject);
        reject(error);
      }
    });
  }
}

function lost(): Error {
  return new Error("the connection was lost");
}
