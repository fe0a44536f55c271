import { CodexAuthError } from "../errors/codex-auth-error.ts";
import type { CodexProcess } from "../store/codex-processes.ts";
import type { Ui } from "../ui/ui.ts";
import type { Context } from "./context.ts";
import type { Zod } from "./define-command.ts";

export const processSchema = (z: Zod) =>
  z.object({
    pid: z.int(),
    kind: z.enum(["daemon", "app-server", "exec", "session"]),
    startedAt: z.iso.datetime(),
    restarted: z.boolean().optional().describe("it was restarted and has the new login"),
  });

export type ProcessReport = CodexProcess & { restarted?: boolean };

/** Restarts Codex's daemon, which outlives its terminal and keeps the account that it started with. */
export async function restartDaemon(
  ctx: Context,
  processes: readonly CodexProcess[],
): Promise<ProcessReport[]> {
  if (!processes.some(({ kind }) => kind === "daemon")) return [...processes];
  const codex = ctx.env["CODEX_AUTH_CODEX_BIN"] || "codex";
  const { code, output } = await ctx.spawn(codex, ["app-server", "daemon", "restart"]);
  if (code !== 0) {
    const why =
      output.trim().split("\n").at(-1) ||
      (code === null ? `${codex} could not be started` : `exit code ${code}`);
    throw new CodexAuthError(
      "command_failed",
      `The switch is done, but the daemon was not restarted: ${why}`,
      {
        hint: "Restart it yourself: codex app-server daemon restart",
      },
    );
  }
  return processes.map((each) => (each.kind === "daemon" ? { ...each, restarted: true } : each));
}

/** What a person must know about running Codex after a switch. */
export function processLines(
  processes: readonly { pid: number; kind: string; restarted?: boolean | undefined }[],
  ui: Ui,
): string[] {
  const restarted = processes.some((each) => each.restarted);
  const holding = processes.filter((each) => !each.restarted);
  const lines = restarted ? ["The Codex daemon was restarted with the new login."] : [];
  if (holding.length === 0) return lines;
  const names = holding.map(({ pid, kind }) => `${kind} ${pid}`).join(", ");
  lines.push(ui.yellow(`Running Codex keeps the login it started with: ${names}.`));
  if (holding.some(({ kind }) => kind === "daemon"))
    lines.push("Restart the daemon: codex app-server daemon restart");
  if (holding.some(({ kind }) => kind !== "daemon"))
    lines.push("Restart a session and go on: codex resume <session id>");
  return lines;
}
