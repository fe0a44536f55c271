/** The work of scrypt; memory is 128 · n · r bytes. */
interface ScryptCost {
  n: number;
  r: number;
  p: number;
}

/** A text that only its passphrase opens: scrypt and AES-256-GCM. All three are base64; `data` ends with the tag. */
export interface SealedText {
  salt: string;
  nonce: string;
  data: string;
}

interface Key {
  passphrase: string;
  cost: ScryptCost;
  /** What the text belongs to; it opens with nothing else. */
  context: string;
}

const tagBytes = 16;

export function seal(text: string, key: Key): SealedText {
  const { createCipheriv, randomBytes } = crypto();
  const salt = randomBytes(16);
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", derived(key, salt), nonce);
  cipher.setAAD(Buffer.from(key.context));
  const data = Buffer.concat([cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
  return { salt: base64(salt), nonce: base64(nonce), data: base64(data) };
}

/** Null when the passphrase is another one or a byte was changed: nobody can tell which. */
export function unseal({ salt, nonce, data }: SealedText, key: Key): string | null {
  const bytes = Buffer.from(data, "base64");
  const iv = Buffer.from(nonce, "base64");
  if (bytes.length <= tagBytes || iv.length !== 12) return null;
  const decipher = crypto().createDecipheriv("aes-256-gcm", derived(key, Buffer.from(salt, "base64")), iv);
  decipher.setAAD(Buffer.from(key.context));
  decipher.setAuthTag(bytes.subarray(-tagBytes));
  try {
    const text = Buffer.concat([decipher.update(bytes.subarray(0, -tagBytes)), decipher.final()]);
    return text.toString("utf8");
  } catch {
    return null;
  }
}

function derived({ passphrase, cost: { n, r, p } }: Key, salt: Uint8Array): Uint8Array {
  return crypto().scryptSync(passphrase, salt, 32, { N: n, r, p, maxmem: 256 * n * r });
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

/** node:crypto is slow to load; see store/hash.ts. */
function crypto() {
  return process.getBuiltinModule("node:crypto");
}
