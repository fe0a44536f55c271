/** Put in by the build from package.json. */
declare const CODEX_AUTH_VERSION: string;

/** Hashes of the built programs. */
declare const CODEX_AUTH_BUILDS: Readonly<Record<"program" | "daily", string>>;
