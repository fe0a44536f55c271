/** Put in by the build from package.json. */
declare const CODEX_AUTH_VERSION: string;

/** Hash of the built program. */
declare const CODEX_AUTH_BUILD: string;
