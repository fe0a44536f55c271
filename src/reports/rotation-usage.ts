import { bypassVariables, catchesLoopback, loopbackBypass, type Env } from "../codex/environment.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { fishQuoted, posixQuoted, powershellQuoted } from "../text/shell-words.ts";

/** What makes a Codex use the proxy. Codex shows the token of its own login there, so no secret is on its command line. */
export function baseUrlSetting(port: number): string {
  return `openai_base_url="http://127.0.0.1:${port}/v1"`;
}

/** How a Codex with this environment uses the proxy on this port; nothing of it is written anywhere. */
export function codexLines(port: number, env: Env): string[] {
  const codex = `codex -c '${baseUrlSetting(port)}'`;
  const caught = catchesLoopback(env);
  const first = caught ? [`${caught.name} would get all of it, so first: ${loopbackBypass}`] : [];
  return [
    ...first,
    `One run:      ${codex}`,
    "This shell:",
    `alias codex-rotated="${codex.replaceAll('"', '\\"')}"`,
    "Codex must be signed in with an account from: codex auth list",
    "Leave config.toml as it is: a Codex whose proxy is gone waits forever.",
  ];
}

const dialects = {
  sh: (name: string, value: string) => `export ${name}=${posixQuoted(value)}`,
  fish: (name: string, value: string) => `set -gx ${name} ${fishQuoted(value)}`,
  powershell: (name: string, value: string) => `$env:${name} = ${powershellQuoted(value)}`,
};

type Dialect = keyof typeof dialects;

const shells: ReadonlyMap<string, Dialect> = new Map([
  ["sh", "sh"],
  ["bash", "sh"],
  ["zsh", "sh"],
  ["fish", "fish"],
  ["powershell", "powershell"],
  ["pwsh", "powershell"],
]);

/** The dialect that was asked for, else that of the shell whose path SHELL holds. */
export function dialectOf(wanted: string | undefined, path: string | undefined): Dialect {
  if (wanted === undefined) return shells.get(path?.split("/").at(-1) ?? "sh") ?? "sh";
  const dialect = shells.get(wanted);
  if (dialect) return dialect;
  throw new CodexAuthError("usage", `Unknown shell: ${wanted}`, {
    hint: "Use --shell sh, fish or powershell.",
  });
}

/** Address and key for clients of OpenAI's API that are not Codex, and what lets them reach this machine. */
export function shellLines(
  { port, key }: { port: number; key: string },
  { dialect, env }: { dialect: Dialect; env: Env },
): string[] {
  const address = { OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1`, OPENAI_API_KEY: key };
  const variables = Object.entries({ ...address, ...bypassVariables(env) });
  return variables.map(([name, value]) => dialects[dialect](name, value));
}
