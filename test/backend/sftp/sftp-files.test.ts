import { expect, it } from "@jest/globals";
import { SftpFiles } from "../../../src/backend/sftp/sftp-files.ts";
import { SftpLine } from "../../../src/backend/sftp/sftp-line.ts";

type Done = (error?: Error, value?: unknown) => void;

/** A server without the fsync extension, and what it was asked to remove. */
function server(closed: Error | undefined) {
  const removed: string[] = [];
  const answer = (...args: unknown[]) => (args.at(-1) as Done)();
  const channel = {
    open: (_path: string, _flags: string, done: Done) => done(undefined, Buffer.from("1")),
    write: answer,
    ext_openssh_fsync: () => {
      throw new Error("Server does not support this extended request");
    },
    close: (_file: Buffer, done: Done) => done(closed),
    unlink: (path: string, done: Done) => {
      removed.push(path);
      done();
    },
  };
  return { files: new SftpFiles(new SftpLine(channel as never)), removed };
}

it("a file is not written where the server says so only when it is closed", async () => {
  const { files, removed } = server(new Error("quota exceeded"));
  await expect(files.writeTemporary("/store/a", Buffer.from("bytes"), {})).rejects.toThrow("quota exceeded");
  expect(removed).toEqual([expect.stringMatching(/^\/store\/\.mlgit-tmp-/)]);
});

it("a file is written where the server has no fsync and closes it", async () => {
  const { files, removed } = server(undefined);
  expect(await files.writeTemporary("/store/a", Buffer.from("bytes"), {})).toMatch(/^\/store\/\.mlgit-tmp-/);
  expect(removed).toEqual([]);
});
