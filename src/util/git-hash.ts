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

/** `words` has the block's sixteen words in front. */
function addBlock(state: Int32Array, words: Int32Array): void {
  for (let t = 16; t < 80; t++)
    words[t] = rotate(at(words, t - 3) ^ at(words, t - 8) ^ at(words, t - 14) ^ at(words, t - 16), 1);
  let [a, b, c, d, e] = state as unknown as [number, number, number, number, number];
  for (let t = 0; t < 80; t++) {
    const next = (rotate(a, 5) + mix(t, b, c, d) + e + at(words, t)) | 0;
    e = d;
    d = c;
    c = rotate(b, 30);
    b = a;
    a = next;
  }
  for (const [i, word] of [a, b, c, d, e].entries()) state[i] = at(state, i) + word;
}

/** The round's function and constant together. */
function mix(t: number, b: number, c: number, d: number): number {
  if (t < 20) return ((b & c) | (~b & d)) + 0x5a827999;
  if (t < 40) return (b ^ c ^ d) + 0x6ed9eba1;
  if (t < 60) return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
  return (b ^ c ^ d) + 0xca62c1d6;
}

function at(words: Int32Array, i: number): number {
  return words[i] as number;
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
