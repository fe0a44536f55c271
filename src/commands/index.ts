import { type CommandBodies, type CommandEntry, withBodies } from "../program/command.ts";
import { contents } from "./contents.ts";

/** How each command is loaded: its body is read on demand. */
const bodies: CommandBodies = {
  login: async () => (await import("./login/login.ts")).default,
  import: async () => (await import("./import/import.ts")).default,
  list: async () => (await import("./list.ts")).default,
  status: async () => (await import("./status.ts")).default,
  watch: async () => (await import("./watch/watch.ts")).default,
  switch: async () => (await import("./switch.ts")).default,
  "use-here": async () => (await import("./use-here.ts")).default,
  label: async () => (await import("./label.ts")).default,
  pause: async () => (await import("./pause.ts")).pause,
  resume: async () => (await import("./pause.ts")).resume,
  remove: async () => (await import("./remove.ts")).default,
  export: async () => (await import("./export/export.ts")).default,
  backup: async () => (await import("./backup.ts")).default,
  seal: async () => (await import("./seal.ts")).seal,
  unseal: async () => (await import("./seal.ts")).unseal,
  forecast: async () => (await import("./forecast.ts")).default,
  why: async () => (await import("./why.ts")).default,
  report: async () => (await import("./report/report.ts")).default,
  guard: async () => (await import("./guard/guard.ts")).default,
  statusline: async () => (await import("./statusline.ts")).default,
  token: async () => (await import("./token.ts")).default,
  exec: async () => (await import("./exec/exec.ts")).default,
  rotation: async () => (await import("./rotation/rotation.ts")).default,
  gateway: async () => (await import("./gateway/gateway.ts")).default,
  check: async () => (await import("./check.ts")).default,
  "verify-flagged": async () => (await import("./verify-flagged.ts")).default,
  doctor: async () => (await import("./doctor.ts")).default,
  fix: async () => (await import("./fix.ts")).default,
  explain: async () => (await import("./explain.ts")).default,
  init: async () => (await import("./init.ts")).default,
  completion: async () => (await import("./completion.ts")).default,
  "move-here": async () => (await import("./move-here.ts")).default,
  uninstall: async () => (await import("./uninstall.ts")).default,
  demo: async () => (await import("./demo.ts")).default,
};

/** The table of contents, with all bodies. */
export const commands: readonly CommandEntry[] = withBodies(contents, bodies);
