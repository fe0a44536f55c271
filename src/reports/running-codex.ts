import { mayCodexRenew } from "../codex/login-documents.ts";
import type { Context } from "../context.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import type { CodexProcess } from "../machine/codex-processes.ts";
import { accountName } from "../pool/account.ts";
import type { Zod } from "../program/command.ts";
import { processesText } from "../store/context.ts";
import type { Snapshot } from "../store/store.ts";
import type { Ui } from "../ui/ui.ts";

export const processSchema = (z: Zod) =>
  z.object({
    pid: z.int(),
    kind: z.enum(["daemon", "app-server", "exec", "session", "acp"]),
    startedAt: z.iso.datetime(),
    editor: z.string().optional().describe("the program whose part it is: VS Code, the Codex app, Zed"),
    restarted: z.boolean().optional().describe("it was restarted and has the new login"),
  });

type ProcessReport = CodexProcess & { restarted?: boolean };

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

type Holding = Pick<CodexProcess, "pid" | "kind"> & { editor?: string | undefined };

/** What a person must know about running Codex after a switch. */
export function processLines(
  processes: readonly (Holding & { restarted?: boolean | undefined })[],
  ui: Ui,
): string[] {
  const restarted = processes.some((each) => each.restarted);
  const holding = processes.filter((each) => !each.restarted);
  const lines = restarted ? ["The Codex daemon was restarted with the new login."] : [];
  if (holding.length === 0) return lines;
  lines.push(ui.yellow(`Running Codex keeps the login it started with: ${processesText(holding)}.`));
  return [...lines, ...new Set(holding.map(restartLine))];
}

/**
 * How a running Codex takes the new login. `switch` ends none of an editor: neither the extension of VS Code
 * (github.com/openai/codex/issues/36027) nor Zed (github.com/zed-industries/zed/issues/62667) starts it again, and its
 * panel would hang until the person does what is said here.
 */
function restartLine({ kind, editor }: Holding): string {
  if (kind === "daemon") return "Restart the daemon: codex app-server daemon restart";
  if (editor === "the Codex app") return "Quit the Codex app and open it again.";
  if (editor === "VS Code" || editor === "Cursor" || editor === "Windsurf")
    return `In ${editor}, run: Developer: Reload Window`;
  if (kind === "acp" || editor !== undefined) return `Restart ${editor ?? "the editor"}.`;
  if (kind === "app-server") return "Restart the program that started the app-server.";
  return "Restart a session and go on: codex resume <session id>";
}

/** Half a sentence: who may be renewing the login in auth.json at this moment; null when nobody does. */
export function codexAtWork(ctx: Context, { live, active, pool }: Snapshot): string | null {
  if (!live.login || !mayCodexRenew(live.login, ctx.now())) return null;
  const processes = ctx.processes() ?? [];
  if (processes.length === 0) return null;
  const name = active ? accountName(active, pool.accounts) : (live.login.email ?? "the login in auth.json");
  return `a running Codex (${processesText(processes)}) may be renewing ${name}`;
}

export function isInUse(error: unknown): error is CodexAuthError {
  return error instanceof CodexAuthError && error.code === "login_in_use";
}
