import { decodedText } from "../../codex/text-encoding.ts";
import { readStoreFiles } from "../../interchange/read-store.ts";
import { fileCheck, type Sighting } from "../check.ts";
import { shellWord } from "../shell-word.ts";
import { accountLines, switchCommand } from "./account-lines.ts";
import { bringBackLogin, lostLogin } from "./lost-login.ts";

/** The tool in whose form the file is, where `import` can read it. */
function toolOf(bytes: Uint8Array | null): string | null {
  const { text } = decodedText(bytes ?? new Uint8Array());
  const [reading] = readStoreFiles([{ path: "auth.json", text }], { from: null, passphrase: null });
  if (reading?.kind !== "entries" || reading.format === null || reading.format === "codex") return null;
  return reading.entries.some(({ kind }) => kind === "login") ? reading.format : null;
}

function otherShape(tool: string, target: string): Sighting {
  return {
    message: `${target} is in the form of ${names[tool] ?? tool}, which Codex cannot read, so it sends requests without a login. codex auth import reads it; then make the account active with codex auth switch <account> --replace-broken.`,
    fix: `codex auth import ${shellWord(target)}`,
    canMend: false,
  };
}

const names: Record<string, string> = { opencode: "OpenCode", cliproxyapi: "CLIProxyAPI" };

export const authFileUnreadable = fileCheck({
  id: "auth_file_unreadable",
  area: "credentials",
  severity: "error",
  title: "auth.json is torn, empty or of another shape",
  look: ({ state, target, problem, bytes }, scene) => {
    if (state !== "broken") return [];
    const tool = toolOf(bytes);
    if (tool !== null) return [otherShape(tool, target)];
    const message = `${target} cannot be read: ${problem}. Codex sends requests without a login.`;
    const fix = `${switchCommand(scene)} --replace-broken`;
    return [{ message, evidence: accountLines(scene), fix, canMend: lostLogin(scene) !== null }];
  },
  mend: {
    describe: (scene) => {
      const lost = lostLogin(scene);
      const what = lost?.isSalvaged ? "Write what is left of the login of" : "Put back the login of";
      return `${what} ${lost?.name} into auth.json; the damaged file stays beside it as auth.json.broken-<time>.`;
    },
    apply: bringBackLogin,
  },
});
