import type { CodexProcess } from "./codex-processes.ts";
import type { FileSystem } from "./file-system.ts";
import type { Obstacle } from "./obstacle.ts";
import type { ProcessIdentity } from "./process-identity.ts";

/** What the store needs of the outside world. */
export interface StoreEffects {
  fs: FileSystem;
  now: () => number;
  sleep: (ms: number) => Promise<void>;
  self: () => ProcessIdentity;
  /** The Codex processes of this home; null where the system does not tell. Default: what /proc says. */
  processes?: () => CodexProcess[] | null;
  /** Hears, again and again, what a transaction waits for and for how long at most; 0 ms: no longer. */
  onWait?: (wait: { obstacle: Obstacle; leftMs: number }) => void;
}
