const headerSize = 8;

/** Compiled code behind its hash. */
export function sealCode(data: Uint8Array): Buffer {
  const header = Buffer.alloc(headerSize);
  header.writeBigUInt64LE(damageHash(data));
  return Buffer.concat([header, data]);
}

/** Null when a byte is not as it was sealed. */
export function unsealCode(sealed: Buffer): Buffer | null {
  if (sealed.length <= headerSize) return null;
  const data = sealed.subarray(headerSize);
  return sealed.readBigUInt64LE() === damageHash(data) ? data : null;
}

/** What is used of a global that the types of Node leave to browsers. */
interface Assembly {
  Memory: new (size: { initial: number }) => { buffer: ArrayBuffer };
  Module: new (code: Uint8Array) => object;
  Instance: new (
    module: object,
    imports: object,
  ) => { exports: { hash: (end: number, seed: bigint) => bigint } };
}

/**
 * Tells damage, and no more: whoever can write a file can write its hash. Any one wrong word is told for certain.
 *
 * It runs at every start, and is WebAssembly because everything else costs more CPU, measured on the 470 kB of compiled
 * code: node:crypto 5.2 ms and node:zlib 1.8 ms, most of it for loading them, JavaScript 2.1 ms until it is compiled, this
 * 0.9 ms.
 */
export function damageHash(bytes: Uint8Array): bigint {
  const { WebAssembly } = globalThis as unknown as { WebAssembly: Assembly };
  const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes.length / 65_536) + 1 });
  new Uint8Array(memory.buffer).set(bytes);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(code), { in: { memory } });
  // Spread over all bits, or one byte more would look like another first bit.
  const seed = BigInt(bytes.length) * 0x9e3779b97f4a7c15n;
  return BigInt.asUintN(64, instance.exports.hash(bytes.length, seed));
}

/**
 * (module
 *   (import "in" "memory" (memory 1))
 *   (func (export "hash") (param $end i32) (param $hash i64) (result i64) (local $at i32)
 *     (loop
 *       $hash = ($hash ^ i64.load($at)) * 0x100000001b3
 *       $hash = $hash ^ ($hash >>> 29)
 *       $at = $at + 8
 *       (br_if $at < $end))
 *     $hash))
 */
// oxfmt-ignore
const code = Uint8Array.of(
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00,
  // type 0: (i32, i64) -> i64
  0x01, 0x07, 0x01, 0x60, 0x02, 0x7f, 0x7e, 0x01, 0x7e,
  // import "in" "memory", one page or more
  0x02, 0x0e, 0x01, 0x02, 0x69, 0x6e, 0x06, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 0x02, 0x00, 0x01,
  // one function of type 0, exported as "hash"
  0x03, 0x02, 0x01, 0x00, 0x07, 0x08, 0x01, 0x04, 0x68, 0x61, 0x73, 0x68, 0x00, 0x00,
  // its body, with one local: i32 $at
  0x0a, 0x31, 0x01, 0x2f, 0x01, 0x01, 0x7f, 0x03, 0x40,
  0x20, 0x01, 0x20, 0x02, 0x29, 0x03, 0x00, 0x85, 0x42, 0xb3, 0x83, 0x80, 0x80, 0x80, 0x20, 0x7e, 0x22, 0x01,
  0x20, 0x01, 0x42, 0x1d, 0x88, 0x85, 0x21, 0x01,
  0x20, 0x02, 0x41, 0x08, 0x6a, 0x22, 0x02, 0x20, 0x00, 0x49, 0x0d, 0x00,
  0x0b, 0x20, 0x01, 0x0b,
);
