import { expect, test } from "vitest";
import { processLines } from "../../src/reports/running-codex.ts";
import { makeUi } from "../../src/ui/ui.ts";

const plain = await makeUi({ colorLevel: 0, columns: 80, isTerminal: true, isUnicode: true, nowMs: 0 });

test.each([
  [{ kind: "daemon" }, "Restart the daemon: codex app-server daemon restart"],
  [{ kind: "session" }, "Restart a session and go on: codex resume <session id>"],
  [{ kind: "app-server", editor: "VS Code" }, "In VS Code, run: Developer: Reload Window"],
  [{ kind: "app-server", editor: "the Codex app" }, "Quit the Codex app and open it again."],
  [{ kind: "acp", editor: "Zed" }, "Restart Zed."],
  [{ kind: "acp" }, "Restart the editor."],
  [{ kind: "app-server" }, "Restart the program that started the app-server."],
] as const)("switch says how %o takes the new login", (known, advice) => {
  const lines = processLines([{ pid: 7, ...known }], plain);
  expect(lines).toHaveLength(2);
  expect(lines[1]).toBe(advice);
});
