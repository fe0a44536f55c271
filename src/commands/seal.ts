import type { Command } from "commander";
import type { Context } from "../context.ts";
import { defineCommand, type Zod } from "../program/command.ts";
import { counted } from "../text/times.ts";

const sealSchema = (z: Zod) =>
  z.object({
    files: z.int().describe("how many files were changed; 0 when all were sealed already"),
    key: z.object({
      id: z.string().describe("tells two keys apart, and nothing of the key"),
      source: z.enum(["file", "command", "keyring"]),
      isNew: z.boolean().describe("it was made by this command"),
      path: z.string().nullable().describe("of a key file"),
    }),
  });

// The help wraps each paragraph by itself.
const about = [
  "Everything of codex-auth that holds a token is then sealed (AES-256-GCM): the pool, backups, logins that were put aside. auth.json is Codex's own and stays as it is, as does the login of a running exec.",
  "",
  "The key comes from the file that CODEX_AUTH_KEY_FILE names, or is what the command in CODEX_AUTH_KEY_COMMAND prints (as pass and age users do), or lies in the keyring. A file or an entry of the keyring that is missing is made. Every later command needs the same variable. Without the key nobody can open the pool: keep a copy of it elsewhere.",
].join("\n");

export const seal = defineCommand({
  flags: (command: Command) => command.description(`${command.description()}.\n\n${about}`),
  examples: [
    ["codex auth seal", "with a key in the keyring"],
    ["CODEX_AUTH_KEY_FILE=/media/usb/codex.key codex auth seal", "with a key in a file elsewhere"],
    ["CODEX_AUTH_KEY_COMMAND='pass show codex-auth' codex auth seal", "with a key that a command prints"],
  ],
  schema: sealSchema,
  async run(ctx: Context) {
    const { key, files } = await ctx.store.seal();
    const path = key.source === "file" ? (ctx.env["CODEX_AUTH_KEY_FILE"] ?? null) : null;
    return { files, key: { ...key, path } };
  },
  render: ({ files, key }) => {
    const where = { file: key.path ?? "", command: "CODEX_AUTH_KEY_COMMAND", keyring: "the keyring" }[
      key.source
    ];
    const done = files === 0 ? "Everything was sealed already" : `Sealed ${counted(files, "file")}`;
    return `${done}, with key ${key.id} from ${where}.`;
  },
  notes: ({ key }) =>
    key.isNew ? ["The key is new. Keep a copy of it elsewhere: without it nobody can open the pool."] : [],
});

const unsealSchema = (z: Zod) =>
  z.object({ files: z.int().describe("how many files were changed; 0 when none was sealed") });

export const unseal = defineCommand({
  examples: [
    ["codex auth unseal", "the pool is readable without a key again; the key itself stays where it is"],
  ],
  schema: unsealSchema,
  async run(ctx: Context) {
    return { files: await ctx.store.unseal() };
  },
  render: ({ files }) => (files === 0 ? "Nothing is sealed." : `Opened ${counted(files, "file")}.`),
});
