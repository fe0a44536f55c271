import type { FileSystem } from "../store/file-system.ts";
import type { IssuerEffects } from "./ask-issuer.ts";

/** What a login by a person needs of the outside world. */
export interface LoginEffects extends IssuerEffects {
  now: () => number;
  /** Ends early when the signal is aborted. */
  sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Shows lines to the person who signs in. */
  say: (text: string) => void;
  openUrl: (url: string) => Promise<void>;
  /** Only to be handed to functions of store/. */
  fs: FileSystem;
}

/** Where to sign in, and to which workspace. */
export interface LoginTarget {
  issuer: string;
  /** The only workspace that config.toml allows; null when it is left to the person. */
  workspaceId: string | null;
}
