import type { CodexFacts, ConfigNode, ConfigTable, Migration } from "../test/e2e/facts/facts.ts";

/** What changed from one version to another, under a heading each. */
export interface Differences {
  title: string;
  /** A line each: `+ new`, `- gone`, `~ other`. None where nothing changed. */
  lines: string[];
}

export function differencesOf(before: CodexFacts, after: CodexFacts): Differences[] {
  const names = (pick: (facts: CodexFacts) => readonly string[]) => setLines(pick(before), pick(after));
  return [
    { title: "Requests to the app-server", lines: names(({ protocol }) => protocol.requests) },
    { title: "Requests of the app-server", lines: names(({ protocol }) => protocol.serverRequests) },
    { title: "Notifications", lines: names(({ protocol }) => protocol.notifications) },
    { title: "CodexErrorInfo", lines: names(({ protocol }) => protocol.errorInfo) },
    { title: "Types of the protocol", lines: recordLines(before.protocol.types, after.protocol.types) },
    { title: "Error codes", lines: names(({ errorCodes }) => errorCodes) },
    { title: "Routes", lines: names(({ routes }) => routes) },
    { title: "Keys of config.toml", lines: configLines(before, after) },
    { title: "Migrations of databases", lines: recordLines(migrations(before), migrations(after)) },
  ];
}

/** Nothing can be said where one of them was not asked. */
function configLines(before: CodexFacts, after: CodexFacts): string[] {
  if (!before.config || !after.config) return [];
  return recordLines(configKeys(before.config), configKeys(after.config));
}

function setLines(before: readonly string[], after: readonly string[]): string[] {
  return [
    ...after.filter((each) => !before.includes(each)).map((each) => `+ ${each}`),
    ...before.filter((each) => !after.includes(each)).map((each) => `- ${each}`),
  ];
}

function recordLines(before: Record<string, string>, after: Record<string, string>): string[] {
  const other = Object.keys(after).filter((key) => key in before && before[key] !== after[key]);
  return [...setLines(Object.keys(before), Object.keys(after)), ...other.map((key) => `~ ${key}`)];
}

/** Every key with what it takes, without what stands below it. */
export function configKeys(table: ConfigTable | null, prefix = ""): Record<string, string> {
  if (table === null) return {};
  const others = typeof table.others === "object" ? { "*": table.others } : {};
  return Object.fromEntries(
    Object.entries({ ...table.fields, ...others }).flatMap(([name, node]) => {
      const path = `${prefix}${name}`;
      const own: [string, string][] = [[path, kindText(node)]];
      return own.concat(Object.entries(belowOf(node, path)));
    }),
  );
}

function belowOf(node: ConfigNode, path: string): Record<string, string> {
  return {
    ...configKeys(node.table ?? null, `${path}.`),
    ...(node.items ? belowOf(node.items, `${path}[]`) : {}),
  };
}

function kindText({ table, items, ...own }: ConfigNode): string {
  const { fields: _, others, ...rules } = table ?? { fields: {}, others: undefined };
  const rest = typeof others === "object" ? "typed" : others;
  return JSON.stringify({
    ...own,
    items: items && kindText(items),
    table: table && { ...rules, others: rest },
  });
}

function migrations({ databases }: CodexFacts): Record<string, string> {
  const lines = (name: string, all: readonly Migration[]) =>
    all.map(({ number, description, sha384 }) => [`${name} ${number} ${description}`, sha384]);
  return Object.fromEntries(Object.entries(databases).flatMap(([name, all]) => lines(name, all)));
}
