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
  title: "an MCP server has no command and no URL, both, or what belongs to the other kind",
  look: (tree, scene) =>
    servers(tree).flatMap(({ name, server }) => {
      const problem = problemOf(server);
      if (problem === null) return [];
      const path = ["mcp_servers", name];
      const lines = linesOfTable(scene.config.text ?? "", path);
      const wrong = problem.key === undefined ? null : takeOut(scene, [...path, problem.key]);
      const whole = lines ? commentOut(scene.fx.fs, configTarget(scene), lines) : takeOut(scene, path);
      return [
        {
          message: `Codex does not start: [${formatPath(path)}] ${problem.text}.`,
          evidence: placeOf(scene, path),
          fix: wrong ?? whole,
        },
      ];
    }),
});

function servers(tree: ConfigTree): { name: string; server: ConfigTree }[] {
  const table = configValue(tree, ["mcp_servers"]);
  if (!isTable(table)) return [];
  return Object.entries(table).flatMap(([name, server]) => (isTable(server) ? [{ name, server }] : []));
}

/** Keys that only a server of the other kind may have. */
const foreignKeys = {
  command: ["bearer_token_env_var", "http_headers", "env_http_headers", "oauth", "oauth_resource"],
  url: ["args", "env", "env_vars", "cwd"],
};

/** `key` is what has to go; without it, only the person knows. */
function problemOf(server: ConfigTree): { text: string; key?: string } | null {
  const hasCommand = Object.hasOwn(server, "command");
  const hasUrl = Object.hasOwn(server, "url");
  if (!hasCommand && !hasUrl) return { text: "has neither a command to start nor a url to ask" };
  if (hasCommand && hasUrl) return { text: "has both a command and a url, and may have only one" };
  if (Object.hasOwn(server, "bearer_token"))
    return {
      text: "has a bearer_token, which Codex does not take from the file; it reads it from the variable that bearer_token_env_var names",
    };
  const kind = hasCommand ? "command" : "url";
  const key = foreignKeys[kind].find((each) => Object.hasOwn(server, each));
  const other = hasCommand ? "url" : "command";
  return key === undefined
    ? null
    : { key, text: `has a ${kind}, and ${key}, which only a server with a ${other} may have` };
}
