const nanoseconds = 1_000_000_000n;

/** Writes a stat field of git's index: 32 bits, which is all that git keeps. Returns 1 if that changes it. */
export function putField(bytes: Buffer, at: number, value: bigint): 0 | 1 {
  const short = Number(BigInt.asUintN(32, value));
  if (bytes.readUInt32BE(at) === short) return 0;
  bytes.writeUInt32BE(short, at);
  return 1;
}

/** Seconds, and nanoseconds in the field after them. Returns more than 0 if that changes anything. */
export function putTime(bytes: Buffer, at: number, time: bigint): number {
  const seconds = time / nanoseconds;
  return putField(bytes, at, seconds) + putField(bytes, at + 4, time - seconds * nanoseconds);
}

/** Whether a field has a value, as far as its 32 bits tell. */
export function holdsField(bytes: Buffer, at: number, value: bigint): boolean {
  return bytes.readUInt32BE(at) === Number(BigInt.asUintN(32, value));
}

/** The same for a time and its two fields. */
export function holdsTime(bytes: Buffer, at: number, time: bigint): boolean {
  const seconds = time / nanoseconds;
  return holdsField(bytes, at, seconds) && holdsField(bytes, at + 4, time - seconds * nanoseconds);
}
