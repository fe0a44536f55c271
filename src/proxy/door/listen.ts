import type { Server } from "node:http";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";

interface Listening {
  readonly host: string;
  readonly port: number;
  /** As `The gateway`. */
  readonly who: string;
  readonly code: "gateway_port_busy" | "proxy_port_busy";
}

/** Resolves when the server listens; rejects with `code` and why it cannot. */
export function listen(server: Server, { host, port, who, code }: Listening): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const hint = "Choose another port, or none for a free one.";
      const [what, next] = isAddressError(cause)
        ? [`on ${host}: this machine has no such address`, "Choose an address of this machine."]
        : [`on port ${port}: ${reasonOf(cause)}`, hint];
      reject(new CodexAuthError(code, `${who} cannot listen ${what}.`, { hint: next, cause }));
    });
    server.listen(port, host, resolve);
  });
}

function isAddressError({ code }: NodeJS.ErrnoException): boolean {
  return code === "ENOTFOUND" || code === "EADDRNOTAVAIL";
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === "EADDRINUSE") return "another program uses it";
  return code === "EACCES" ? "this user may not" : (code ?? message);
}
