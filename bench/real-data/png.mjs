import { crc32, deflateSync } from "node:zlib";

const [width, height] = [256, 256];
// A global is slow to look up where tests run.
const { imul } = Math;

/** A picture of 256 × 256 points in colour: shades with the noise of a camera, some 150 kB. `seed`: 64 bytes that make it another one. */
export function makePng(seed) {
  const rows = Buffer.alloc(height * (1 + 3 * width));
  let state = seed.readUInt32LE(0) | 1;
  for (let y = 0, at = 0; y < height; y++) {
    rows[at++] = 0;
    for (let x = 0; x < 3 * width; x++) {
      state = (imul(state, 1_664_525) + 1_013_904_223) | 0;
      const shade = seed[4 + (x % 3)] * (1 + x / (3 * width)) + seed[8 + (x % 3)] * (y / height);
      rows[at++] = (shade + (state >>> 26)) & 255;
    }
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const magic = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
  return Buffer.concat([
    magic,
    piece("IHDR", head),
    piece("IDAT", deflateSync(rows, { level: 1 })),
    piece("IEND", Buffer.alloc(0)),
  ]);
}

function piece(type, data) {
  const body = Buffer.concat([Buffer.from(type), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}
