import { derivedKey, openBytes, sealBytes } from "../../text/sealed-bytes.ts";

/** Where the key of the pool comes from. */
export type KeySource = "file" | "command" | "keyring";

export interface SealKey {
  source: KeySource;
  bytes: Uint8Array;
  /** Tells two keys apart, and nothing of the key. */
  id: string;
}

/** What a sealed file says of itself without a key. */
export interface SealedHeader {
  keyId: string;
  source: KeySource;
}

/** An earlier version of ours takes it for a pool of a newer one, and says so. */
const newerVersion = 1000;
const start = '{"codexAuthSealed":';
const use = "pool";

export function sealKey(secret: Uint8Array, source: KeySource): SealKey {
  const id = Buffer.from(derivedKey(secret, "name of the key")).toString("hex").slice(0, 8);
  return { source, bytes: derivedKey(secret, use), id };
}

export function isSealed(bytes: Uint8Array): boolean {
  return (
    Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, start.length)).toString() === start
  );
}

export function sealed(plain: Uint8Array, { bytes, id, source }: SealKey): string {
  const data = sealBytes(plain, bytes, use).toString("base64");
  return `${JSON.stringify({ codexAuthSealed: 1, version: newerVersion, keyId: id, source, data })}\n`;
}

/** Null for a file that is torn. */
export function headerOf(bytes: Uint8Array): SealedHeader | null {
  const { keyId, source } = fieldsOf(bytes) ?? {};
  if (typeof keyId !== "string") return null;
  return { keyId, source: source === "command" || source === "keyring" ? source : "file" };
}

/** Null when the key is another one or a byte was changed. */
export function opened(bytes: Uint8Array, key: SealKey): Buffer | null {
  const data = fieldsOf(bytes)?.["data"];
  return typeof data === "string" ? openBytes(Buffer.from(data, "base64"), key.bytes, use) : null;
}

function fieldsOf(bytes: Uint8Array): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString("utf8"));
    return typeof value === "object" && value !== null ? { ...value } : null;
  } catch {
    return null;
  }
}
