import { Decompress } from "fzstd";
import * as zlib from "node:zlib";

type Inflate = (bytes: Buffer, options: { maxOutputLength: number }) => Buffer;

const pieceBytes = 16 * 1024;

/** Unpacks zstd with Node's own code where it has some (22.15), else in JavaScript. Throws RangeError beyond `most` bytes. */
export function zstdInflate(bytes: Buffer, most: number): Buffer {
  const own = (zlib as { zstdDecompressSync?: Inflate }).zstdDecompressSync;
  return own ? own(bytes, { maxOutputLength: most }) : slowly(bytes, most);
}

function slowly(bytes: Buffer, most: number): Buffer {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const stream = new Decompress((chunk) => {
    size += chunk.length;
    if (size > most) throw new RangeError("The body is too large when it is unpacked.");
    chunks.push(chunk);
  });
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    stream.push(bytes.subarray(at, at + pieceBytes), at + pieceBytes >= bytes.length);
  }
  return Buffer.concat(chunks);
}
