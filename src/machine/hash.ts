import { closeSync, openSync, readSync } from "node:fs";

/** node:crypto takes a fifth of the time that Node needs to start, so it is loaded when something is really hashed. */
function crypto() {
  return process.getBuiltinModule("node:crypto");
}

export function sha256(bytes: string | Uint8Array): string {
  return crypto().hash("sha256", bytes, "hex");
}

/** Unpredictable bytes in hexadecimal, from the system's own source where it is a file. */
export function randomHex(size: number): string {
  const bytes = Buffer.alloc(size);
  try {
    const fd = openSync("/dev/urandom", "r");
    try {
      if (readSync(fd, bytes) === size) return bytes.toString("hex");
    } finally {
      closeSync(fd);
    }
  } catch {
    // Windows has no such file.
  }
  return crypto().randomBytes(size).toString("hex");
}
