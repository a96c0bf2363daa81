import { createHash } from "node:crypto";

/** Up to here hashing takes less time than Node takes to load OpenSSL, about eight milliseconds. */
const ownLimit = 32_768;

/** git's hash of some bytes: SHA-1 or SHA-256. */
export function gitHash(format: "sha1" | "sha256", bytes: Uint8Array): Buffer {
  if (format === "sha1" && bytes.length <= ownLimit) return sha1(bytes);
  return createHash(format).update(bytes).digest();
}

/** FIPS 180-4, section 6.1. */
function sha1(bytes: Uint8Array): Buffer {
  const padded = Buffer.alloc((bytes.length + 72) & ~63);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  // No more than `ownLimit` bytes: the upper half of the length is zero.
  padded.writeUInt32BE(bytes.length * 8, padded.length - 4);
  const state = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0);
  const words = new Int32Array(80);
  for (let at = 0; at < padded.length; at += 64) {
    for (let i = 0; i < 16; i++) words[i] = padded.readInt32BE(at + 4 * i);
    addBlock(state, words);
  }
  const digest = Buffer.alloc(20);
  for (const [i, word] of state.entries()) digest.writeInt32BE(word, 4 * i);
  return digest;
}

/** `words` has the block's sixteen words in front. Written out, since most of what it hashes is too short for V8 to inline anything. */
function addBlock(state: Int32Array, words: Int32Array): void {
  for (let t = 16; t < 80; t++) {
    const word =
      (words[t - 3] as number) ^ (words[t - 8] as number) ^ (words[t - 14] as number) ^ (words[t - 16] as number);
    words[t] = (word << 1) | (word >>> 31);
  }
  let [a, b, c, d, e] = state as unknown as [number, number, number, number, number];
  for (let t = 0; t < 80; t++) {
    let mixed: number;
    if (t < 20) mixed = ((b & c) | (~b & d)) + 0x5a827999;
    else if (t < 40) mixed = (b ^ c ^ d) + 0x6ed9eba1;
    else if (t < 60) mixed = ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
    else mixed = (b ^ c ^ d) + 0xca62c1d6;
    const next = (((a << 5) | (a >>> 27)) + mixed + e + (words[t] as number)) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  state[0] = (state[0] as number) + a;
  state[1] = (state[1] as number) + b;
  state[2] = (state[2] as number) + c;
  state[3] = (state[3] as number) + d;
  state[4] = (state[4] as number) + e;
}
