import type { Command } from "commander";
import type { Context } from "../cli/context.ts";
import { defineCommand } from "../cli/define-command.ts";
import type { Zod } from "../cli/define-command.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { restoreBackup } from "../store/restore.ts";
import { renderTable } from "../ui/table.ts";
import { clockText, relativeText } from "../ui/time.ts";

const backupSchema = (z: Zod) =>
  z.object({ name: z.string(), takenAt: z.iso.datetime(), revision: z.int(), path: z.string() });

const schema = (z: Zod) =>
  z.object({
    action: z.enum(["list", "restore"]),
    backups: z.array(backupSchema(z)).describe("newest first; for restore, the one that was used"),
    restored: z
      .object({
        added: z.int().describe("accounts that were missing from the pool"),
        changed: z.int().describe("accounts whose label, pause or older token came back"),
        kept: z.int().describe("accounts of the pool that the backup does not have or whose token is newer"),
      })
      .nullable(),
  });

export default defineCommand({
  flags: (command: Command) =>
    command
      .addArgument(command.createArgument("<action>", "what to do").choices(["list", "restore"]))
      .argument("[name]", "for restore: a name of the list, or latest"),
  schema,
  async run(ctx: Context, [action, name]: [string, string?]) {
    const backups = ctx.store.backups();
    if (action === "list" && name !== undefined) throw usage("Too many arguments for list.");
    if (action === "list") return { action: "list" as const, backups, restored: null };
    if (name === undefined) throw usage("Missing name.");
    const chosen = backups.find((each, index) => (name === "latest" ? index === 0 : each.name === name));
    if (!chosen) throw notFound(name);
    return {
      action: "restore" as const,
      backups: [chosen],
      restored: await restoreBackup(ctx.store, chosen),
    };
  },
  render: ({ action, backups, restored }, ui) => {
    if (action === "restore" && restored) {
      const { added, changed, kept } = restored;
      return `Restored ${backups[0]?.name}: ${added} brought back, ${changed} changed, ${kept} left as they are.`;
    }
    if (backups.length === 0) return "No backups yet. One is taken before every removal, and one a day.";
    const rows = backups.map(({ name, takenAt, revision }) => [
      name,
      `${clockText(takenAt, ui.nowMs)} (${relativeText(takenAt, ui.nowMs)})`,
      String(revision),
    ]);
    return renderTable(["NAME", "TAKEN", "REVISION"], rows);
  },
});

function usage(message: string): CodexAuthError {
  return new CodexAuthError("usage", message, {
    hint: "Usage: codex auth backup list, or codex auth backup restore <name|latest>",
  });
}

function notFound(name: string): CodexAuthError {
  return new CodexAuthError("backup_not_found", `There is no backup ${name}.`, {
    hint: "See them: codex auth backup list",
  });
}
