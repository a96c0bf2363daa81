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
  const view = new DataView(padded.buffer, padded.byteOffset);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  // No more than `ownLimit` bytes: the upper half of the length is zero.
  view.setInt32(padded.length - 4, bytes.length * 8);
  const state = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0);
  const words = new Int32Array(80);
  for (let at = 0; at < padded.length; at += 64) {
    for (let i = 0; i < 16; i++) words[i] = view.getInt32(at + 4 * i);
    addBlock(state, words);
  }
  const digest = Buffer.alloc(20);
  const result = new DataView(digest.buffer, digest.byteOffset);
  for (let i = 0; i < 5; i++) result.setInt32(4 * i, state[i] as number);
  return digest;
}

/**
 * `words` has the block's sixteen words in front. Each kind of round is a function of its own, and written out: what is hashed here is too short for V8 to
 * inline anything, and long enough for it to begin optimizing one function of all rounds, which takes longer than the hashing and is waited for at exit.
 */
function addBlock(state: Int32Array, words: Int32Array): void {
  extend(words);
  const v = Int32Array.from(state);
  choose(v, words, 0x5a827999);
  parity(v, words.subarray(20), 0x6ed9eba1);
  majority(v, words.subarray(40), 0x8f1bbcdc);
  parity(v, words.subarray(60), 0xca62c1d6);
  for (let i = 0; i < 5; i++) state[i] = (state[i] as number) + (v[i] as number);
}

function extend(words: Int32Array): void {
  for (let t = 16; t < 80; t++) {
    const word =
      (words[t - 3] as number) ^ (words[t - 8] as number) ^ (words[t - 14] as number) ^ (words[t - 16] as number);
    words[t] = (word << 1) | (word >>> 31);
  }
}

function choose(v: Int32Array, words: Int32Array, constant: number): void {
  let [a, b, c, d, e] = [v[0] as number, v[1] as number, v[2] as number, v[3] as number, v[4] as number];
  for (let t = 0; t < 20; t++) {
    const next = (((a << 5) | (a >>> 27)) + ((b & c) | (~b & d)) + constant + e + (words[t] as number)) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  v.set([a, b, c, d, e]);
}

function parity(v: Int32Array, words: Int32Array, constant: number): void {
  let [a, b, c, d, e] = [v[0] as number, v[1] as number, v[2] as number, v[3] as number, v[4] as number];
  for (let t = 0; t < 20; t++) {
    const next = (((a << 5) | (a >>> 27)) + (b ^ c ^ d) + constant + e + (words[t] as number)) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  v.set([a, b, c, d, e]);
}

function majority(v: Int32Array, words: Int32Array, constant: number): void {
  let [a, b, c, d, e] = [v[0] as number, v[1] as number, v[2] as number, v[3] as number, v[4] as number];
  for (let t = 0; t < 20; t++) {
    const next = (((a << 5) | (a >>> 27)) + ((b & c) | (b & d) | (c & d)) + constant + e + (words[t] as number)) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  v.set([a, b, c, d, e]);
}
