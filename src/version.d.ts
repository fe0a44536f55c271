/** Put in by the build from package.json. */
declare const CODEX_AUTH_VERSION: string;
