import type { FileSystem } from "./file-system.ts";
import type { ProcessIdentity } from "./process-identity.ts";

/** What the store needs of the outside world. */
export interface StoreEffects {
  fs: FileSystem;
  now: () => number;
  sleep: (ms: number) => Promise<void>;
  self: () => ProcessIdentity;
}
