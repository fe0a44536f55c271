import type { Context } from "../context.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";

const shortest = 8;

/** The passphrase of a bundle: the first line of standard input, or what is typed without being shown. */
export async function readPassphrase(ctx: Context): Promise<string> {
  const { stdin, prompt } = ctx;
  const text = await ctx.interruptible((stop) =>
    stdin.isTerminal ? prompt("Passphrase (not shown): ", { isHidden: true }) : stdin.readLine(stop),
  );
  const passphrase = text.trim();
  if (passphrase !== "") return passphrase;
  throw new CodexAuthError("usage", "Standard input holds no passphrase.", {
    hint: "Pipe it: codex auth <command> --passphrase-stdin < passphrase.txt",
  });
}

/** For a new bundle. Whoever gets the file may try passphrases for as long as he likes. */
export async function readNewPassphrase(ctx: Context): Promise<string> {
  const passphrase = await readPassphrase(ctx);
  if (passphrase.length >= shortest) return await repeated(ctx, passphrase);
  throw new CodexAuthError("usage", `A passphrase needs at least ${shortest} characters.`, {
    hint: "Take four or more words that nobody would guess. Nothing was written.",
  });
}

/** A slip of the hand would lock everybody out. What comes through a pipe was not typed here. */
async function repeated(ctx: Context, passphrase: string): Promise<string> {
  if (!ctx.stdin.isTerminal) return passphrase;
  const again = await ctx.prompt("The same once more: ", { isHidden: true });
  if (again.trim() === passphrase) return passphrase;
  throw new CodexAuthError("usage", "The two passphrases differ.", {
    hint: "Run the command again. Nothing was written.",
  });
}
