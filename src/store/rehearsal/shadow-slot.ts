import type { KeyringReading } from "../../machine/systems/keyring.ts";
import type { KeyringSlot } from "../context.ts";

/** An entry of the keyring that is read from where it lies, and changed in memory only. */
export function shadowSlot(slot: KeyringSlot): KeyringSlot {
  let changed: KeyringReading | null = null;
  return {
    mode: slot.mode,
    read: () => (changed ??= slot.read()),
    write: (text) => {
      changed = { kind: "secret", text };
      return null;
    },
    remove: () => void (changed = { kind: "absent" }),
  };
}
