import type { Command } from "commander";
import type { Context } from "../context.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { requireListable } from "../machine/file-system.ts";
import { defineCommand, type Zod } from "../program/command.ts";
import type { Backup, RepairBackup } from "../store/backups/backups.ts";
import { restoreBackup, undoRepair } from "../store/backups/restore.ts";
import { clockText, relativeText } from "../text/times.ts";
import { table } from "../ui/table.ts";

const backupSchema = (z: Zod) =>
  z.object({
    name: z.string(),
    kind: z.enum(["pool", "repair"]).describe("repair: copies of the files that `fix` may have changed"),
    takenAt: z.iso.datetime(),
    revision: z.int().nullable().describe("of the pool; null for a repair"),
    path: z.string(),
  });

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
    files: z
      .array(
        z.object({
          file: z.enum(["pool.json", "auth.json", "config.toml"]),
          outcome: z.enum(["restored", "taken into the pool", "kept in the backup"]),
        }),
      )
      .describe("for a repair that is taken back: what became of each file"),
  });

export default defineCommand({
  flags: (command: Command) =>
    command
      .addArgument(command.createArgument("<action>", "what to do").choices(["list", "restore"]))
      .argument("[name]", "for restore: a name of the list, or latest"),
  examples: [
    ["codex auth backup list", "newest first"],
    ["codex auth backup restore latest", "bring back what is missing; a newer token stays"],
  ],
  schema,
  async run(ctx: Context, [action, name]: [string, string?]) {
    const backups = allBackups(ctx);
    if (action === "list" && name !== undefined) throw usage("Too many arguments for list.");
    if (action === "list")
      return { action: "list" as const, backups: backups.map(reportBackup), restored: null, files: [] };
    if (name === undefined) throw usage("Missing name.");
    const chosen = backups.find((each, index) => (name === "latest" ? index === 0 : each.name === name));
    if (!chosen) throw notFound(name);
    return { action: "restore" as const, backups: [reportBackup(chosen)], ...(await restore(ctx, chosen)) };
  },
  render: ({ action, backups, restored, files }, ui) => {
    if (action === "restore" && restored) {
      const { added, changed, kept } = restored;
      const head = `Restored ${backups[0]?.name}: ${added} brought back, ${changed} changed, ${kept} left as they are.`;
      return [head, ...files.map(({ file, outcome }) => `${file}: ${outcome}.`)].join("\n");
    }
    if (backups.length === 0) return "No backups yet. One is taken before every removal, and one a day.";
    const rows = backups.map(({ name, takenAt, revision }) => [
      name,
      [
        `${clockText(takenAt, ui.nowMs)} (${relativeText(takenAt, ui.nowMs)})`,
        relativeText(takenAt, ui.nowMs),
      ],
      revision === null ? "" : String(revision),
    ]);
    return table(columns, rows, ui);
  },
});

const columns = [
  { title: "NAME" },
  { title: "TAKEN", shorten: [1] },
  { title: "REVISION", isRight: true, drop: 2 },
];

type AnyBackup = Backup | RepairBackup;

/** Newest first. */
function allBackups({ fs, store }: Context): AnyBackup[] {
  requireListable(fs, store.paths.backupsDir);
  const all = [...store.backups(), ...store.repairBackups()];
  return all.sort((a, b) => (a.takenAt < b.takenAt ? 1 : -1));
}

function reportBackup(backup: AnyBackup) {
  const { name, kind, takenAt, path } = backup;
  return { name, kind, takenAt, revision: backup.kind === "pool" ? backup.revision : null, path };
}

async function restore({ store, fs, now }: Context, chosen: AnyBackup) {
  if (chosen.kind === "repair") return await undoRepair(store, fs, chosen, now());
  return { restored: await restoreBackup(store, chosen, now()), files: [] };
}

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
