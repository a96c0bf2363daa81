import { setImmediate as turn } from "node:timers/promises";
import { expect, it } from "@jest/globals";
import { SftpLine } from "../../../src/backend/sftp/sftp-line.ts";
import { writeBody } from "../../../src/backend/sftp/sftp-transfer.ts";

it("an upload that fails asks for no write more, and is over when the server has answered all of them: the next file may get the same handle", async () => {
  const asked: ((error?: Error) => void)[] = [];
  const channel = { write: (...args: unknown[]) => asked.push(args.at(-1) as (error?: Error) => void) };
  const body = Buffer.alloc(16 << 20);
  let isOver = false;
  const writing = writeBody(new SftpLine(channel as never), Buffer.from("1"), body, {})
    .catch((error: unknown) => error)
    .finally(() => {
      isOver = true;
    });
  const [first, ...others] = [...asked];
  first?.(new Error("no space"));
  await turn();
  expect(isOver).toBe(false);
  for (const answer of others) answer();
  expect(await writing).toMatchObject({ message: "no space" });
  await turn();
  expect(asked).toHaveLength(others.length + 1);
});
