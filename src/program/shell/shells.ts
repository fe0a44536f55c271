import type { ShellText } from "../../text/shell-words.ts";
import { bashText } from "./bash.ts";
import { fishText } from "./fish.ts";
import { powershellText } from "./powershell.ts";
import { zshText } from "./zsh.ts";

export const shells = ["bash", "zsh", "fish", "powershell"] as const;
export type Shell = (typeof shells)[number];

const texts: Record<Shell, (program: string) => ShellText> = {
  bash: bashText,
  zsh: zshText,
  fish: fishText,
  powershell: powershellText,
};

/** What `shell` loads to find us; `program` is the absolute path of bin/codex-auth. */
export function shellText(shell: Shell, program: string): ShellText {
  return texts[shell](program);
}
