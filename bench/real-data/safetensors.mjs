/** A safetensors file (github.com/huggingface/safetensors): the length of the header as u64, the header as JSON, the tensors one after the other. */
export function packTensors(tensors) {
  let end = 0;
  const header = { __metadata__: { format: "pt" } };
  for (const { name, bytes } of tensors) {
    header[name] = { dtype: "F32", shape: [bytes.length / 4], data_offsets: [end, end + bytes.length] };
    end += bytes.length;
  }
  const text = JSON.stringify(header);
  const head = Buffer.from(text.padEnd(Math.ceil(text.length / 8) * 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(head.length));
  return Buffer.concat([length, head, ...tensors.map(({ bytes }) => bytes)]);
}
