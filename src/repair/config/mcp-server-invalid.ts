import { linesOfTable } from "../../codex/config-lines.ts";
import { formatPath } from "../../codex/config-toml.ts";
import { configValue, isTable, type ConfigTree } from "../../codex/config-tree.ts";
import { configCheck } from "../check.ts";
import { commentOut, configTarget, placeOf, takeOut } from "./config-text.ts";

/** Which of two halves is wrong, only the person knows. */
export const mcpServerInvalid = configCheck({
  id: "mcp_server_invalid",
  area: "config",
  severity: "error",
  title: "an MCP server has no command and no URL, or both",
  look: (tree, scene) =>
    servers(tree).flatMap(({ name, server }) => {
      const problem = problemOf(server);
      if (problem === null) return [];
      const path = ["mcp_servers", name];
      const lines = linesOfTable(scene.config.text ?? "", path);
      return [
        {
          message: `Codex does not start: [${formatPath(path)}] ${problem}.`,
          evidence: placeOf(scene, path),
          fix: lines ? commentOut(scene.fx.fs, configTarget(scene), lines) : takeOut(scene, path),
        },
      ];
    }),
});

function servers(tree: ConfigTree): { name: string; server: ConfigTree }[] {
  const table = configValue(tree, ["mcp_servers"]);
  if (!isTable(table)) return [];
  return Object.entries(table).flatMap(([name, server]) => (isTable(server) ? [{ name, server }] : []));
}

function problemOf(server: ConfigTree): string | null {
  const hasCommand = Object.hasOwn(server, "command");
  const hasUrl = Object.hasOwn(server, "url");
  if (!hasCommand && !hasUrl) return "has neither a command to start nor a url to ask";
  if (hasCommand && hasUrl) return "has both a command and a url, and may have only one";
  if (Object.hasOwn(server, "bearer_token"))
    return "has a bearer_token, which Codex does not take from the file; it reads it from the variable that bearer_token_env_var names";
  return null;
}
