import { linesOfTable } from "../../codex/config/lines.ts";
import { formatPath } from "../../codex/config/toml.ts";
import { configString, type ConfigTree, configValue, isTable } from "../../codex/config/tree.ts";
import {
  chosenProvider,
  definedProviders,
  isKnownProvider,
  providerBaseUrl,
  reservedProviders,
} from "../../codex/models.ts";
import { isListening } from "../../machine/ports.ts";
import { isConnectFailure } from "../../openai/backend.ts";
import { configCheck } from "../check.ts";
import type { Facts } from "../facts.ts";
import { commentOut, configTarget, editCheck, placeOf, takeOut } from "./config-edit.ts";

export const providerReserved = configCheck({
  id: "provider_reserved",
  area: "config",
  severity: "error",
  title: "config.toml defines a provider that Codex has built in",
  look: (tree, facts) => {
    const reserved = definedProviders(tree).filter((id) => reservedProviders.some((each) => each === id));
    return reserved.map((id) => {
      const path = ["model_providers", id];
      const lines = linesOfTable(facts.config.text ?? "", path);
      return {
        message: `Codex does not start: "${id}" is a provider of its own, and [${formatPath(path)}] may not change it. Give the table another name, or leave it out${id === "openai" ? " and set openai_base_url" : ""}.`,
        evidence: placeOf(facts, path),
        command: lines ? commentOut(facts.ctx.fs, configTarget(facts), lines) : takeOut(facts, path),
      };
    });
  },
});

export const providerUnknown = configCheck({
  id: "provider_unknown",
  area: "config",
  severity: "error",
  title: "model_provider names a provider that is not defined",
  look: (tree, facts) => {
    const id = chosenProvider(tree);
    if (isKnownProvider(tree, id)) return [];
    const others = definedProviders(tree);
    const known = others.length > 0 ? `; defined are ${others.join(", ")}` : "";
    return [
      {
        message: `Codex does not start: there is no provider ${JSON.stringify(id)}. Without model_provider it asks OpenAI.`,
        evidence: [
          ...placeOf(facts, ["model_provider"]),
          `no [${formatPath(["model_providers", id])}]${known}`,
        ],
        command: takeOut(facts, ["model_provider"]),
      },
    ];
  },
});

export const providerNameless = editCheck({
  id: "provider_nameless",
  area: "config",
  severity: "error",
  title: "a provider has no name",
  look: (tree, facts) =>
    definedProviders(tree)
      .filter((id) => id !== "amazon-bedrock" && !reservedProviders.some((each) => each === id))
      .map((id) => ({ id, table: ["model_providers", id], path: ["model_providers", id, "name"] }))
      .filter(({ path }) => [undefined, ""].includes(nameOf(configValue(tree, path))))
      .map(({ id, table, path }) => ({
        message: `Codex does not start: [${formatPath(table)}] has no name.`,
        evidence: placeOf(facts, table),
        command: null,
        change: {
          message: `Give [${formatPath(table)}] the name ${JSON.stringify(id)}.`,
          edits: [{ path, value: id }],
        },
      })),
});

/** Of another shape, it is another fault. */
function nameOf(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  return typeof value === "string" ? value.trim() : "of another shape";
}

export const providerKeyMissing = configCheck({
  id: "provider_key_missing",
  area: "config",
  severity: "error",
  title: "the variable with the key of the chosen provider is not set",
  look: (tree, facts) => {
    const table = ["model_providers", chosenProvider(tree)];
    const name = configString(tree, [...table, "env_key"]);
    if (name === undefined || !isTable(configValue(tree, table))) return [];
    if ((facts.ctx.env[name] ?? "").trim() !== "") return [];
    const instructions = configString(tree, [...table, "env_key_instructions"]);
    return [
      {
        message: `Every request of Codex fails: [${formatPath(table)}] takes its key from ${name}, and that is not set here.`,
        evidence: [...placeOf(facts, [...table, "env_key"]), ...(instructions ? [instructions] : [])],
        command: /^\w+$/.test(name) ? `export ${name}='<the key>'` : null,
      },
    ];
  },
});

/** Codex tries a refused connection again forever, so it looks as if it were thinking. */
export const baseUrlDead = configCheck({
  id: "base_url_dead",
  area: "config",
  severity: "error",
  title: "config.toml sends Codex to a proxy of this machine that is not running",
  look: async (tree, facts) => {
    const base = providerBaseUrl(tree);
    const port = base && loopbackPort(base.url);
    if (!base || port === null || (await answers(facts, base.url, port))) return [];
    return [
      {
        message: `Codex hangs with "Reconnecting... waiting for network": it is sent to port ${port} of this machine, where nobody listens. Start what belongs there, or take the key out.`,
        evidence: [...placeOf(facts, base.path), `${formatPath(base.path)} leads to ${originOf(base.url)}`],
        command: takeOut(facts, base.path),
      },
    ];
  },
});

export const chatgptBaseUrlPlain = configCheck({
  id: "chatgpt_base_url_plain",
  area: "config",
  severity: "error",
  title: "chatgpt_base_url is not https",
  look: (_, facts) => {
    const url = facts.config.settings?.chatgptBaseUrl;
    if (url === undefined || !/^http:/i.test(url)) return [];
    return [
      {
        message:
          "The interactive Codex does not start: it wants an https address in chatgpt_base_url. To send the model's requests through a proxy of this machine, set openai_base_url instead.",
        evidence: placeOf(facts, ["chatgpt_base_url"]),
        command: takeOut(facts, ["chatgpt_base_url"]),
      },
    ];
  },
});

/** The port of a URL of this machine; null for any other. */
export function loopbackPort(url: string): number | null {
  if (!URL.canParse(url)) return null;
  const { hostname, port, protocol } = new URL(url);
  if (hostname !== "localhost" && hostname !== "[::1]" && !/^127\.\d+\.\d+\.\d+$/.test(hostname)) return null;
  return Number(port) || (protocol === "https:" ? 443 : 80);
}

/** A base URL may hold a key in its path. */
function originOf(url: string): string {
  return new URL(url).origin;
}

/** Linux tells without being asked by the network; elsewhere one request goes to this machine, without credentials. */
async function answers({ ctx }: Facts, url: string, port: number): Promise<boolean> {
  const known = isListening(ctx.fs, port);
  if (known !== null) return known;
  try {
    await ctx.fetch(originOf(url), { method: "HEAD", redirect: "manual", signal: AbortSignal.timeout(2000) });
    return true;
  } catch (error) {
    return !isConnectFailure(error);
  }
}

/** Which of two halves is wrong, only the person knows. */
export const mcpServerInvalid = configCheck({
  id: "mcp_server_invalid",
  area: "config",
  severity: "error",
  title: "an MCP server has no command and no URL, both, or what belongs to the other kind",
  look: (tree, facts) =>
    servers(tree).flatMap(({ name, server }) => {
      const problem = problemOf(server);
      if (problem === null) return [];
      const path = ["mcp_servers", name];
      const lines = linesOfTable(facts.config.text ?? "", path);
      const wrong = problem.key === undefined ? null : takeOut(facts, [...path, problem.key]);
      const whole = lines ? commentOut(facts.ctx.fs, configTarget(facts), lines) : takeOut(facts, path);
      return [
        {
          message: `Codex does not start: [${formatPath(path)}] ${problem.text}.`,
          evidence: placeOf(facts, path),
          command: wrong ?? whole,
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
