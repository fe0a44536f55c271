import type { StoreReading } from "./store-format.ts";

export const needsPassphrase: StoreReading = {
  kind: "broken",
  problem: "it is encrypted",
  hint: "Pipe its passphrase: codex auth import <file> --passphrase-stdin",
};

/** The cipher says only that they do not belong together. */
export const wrongPassphrase: StoreReading = {
  kind: "broken",
  problem: "the passphrase is not the one that it was encrypted with, or the file was damaged",
  hint: "Try the passphrase again; if it is right, copy the file again. Nothing was changed.",
};
