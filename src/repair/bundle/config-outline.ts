import { isTable } from "../../codex/config-tree.ts";

/** What stands below these keys may be a secret, whatever it looks like. */
const hidden =
  /key|token|secret|password|authorization|bearer|cookie|credential|header|query_params|^env$|^args$|^command$|^notify$|instructions|prompt/i;
/** Names of variables, and choices. */
const plain = new Set(["env_key", "cli_auth_credentials_store", "requires_openai_auth"]);

/** The settings of config.toml with the values that may be secret left out. Numbers and switches stay. */
export function outlineOf(value: unknown, isHidden = false): unknown {
  if (isTable(value)) {
    const entries = Object.entries(value).map(([key, child]) => [
      key,
      outlineOf(child, isHidden || (hidden.test(key) && !plain.has(key))),
    ]);
    return Object.fromEntries(entries) as unknown;
  }
  if (Array.isArray(value)) return value.map((each) => outlineOf(each, isHidden));
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Date) return value.toISOString();
  return isHidden && typeof value === "string" ? "[redacted]" : value;
}
