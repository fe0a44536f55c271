import { type ConfigNode, configSchema, type ConfigTable } from "../../../src/codex/config/schema.ts";
import { readConfig } from "../../../src/codex/config/toml.ts";
import { configFaults } from "../../../src/codex/config/values.ts";
import type { CodexVersion } from "../support/codex.ts";
import { ConfigJudge, type Tree } from "./config-judge.ts";
import { Spelled, type Toml, tomlText } from "./toml-text.ts";

/** A value of some kind at a key, with what the key needs around it. */
export interface Mutant {
  key: string;
  kind: string;
  tree: Tree;
}

export interface Measured {
  mutants: number;
  /** Of these the real Codex refuses so many. */
  refused: number;
  agreed: number;
  /** What the tables call wrong and Codex takes. */
  falseAlarms: string[];
  /** What Codex refuses and the tables do not. */
  missed: string[];
}

const kinds: [kind: string, value: Toml][] = [
  ["text", "x-zz"],
  ["integer", 5],
  ["float", new Spelled("1.5")],
  ["flag", true],
  ["list", ["x-zz"]],
  ["table", { zzq9: 5 }],
];

/** What stands beside a key of such a table, so that nothing but its value is wrong. */
const beside: Record<string, { readonly [key: string]: Toml }> = {
  "mcp_servers.*": { command: "x" },
  "model_providers.*": { name: "x" },
};

/** Every key with a value of every kind. */
export function mutants(): Mutant[] {
  return ofTable(configSchema(), [], (value) => value as Tree);
}

function ofTable(table: ConfigTable, path: readonly string[], put: (value: Toml) => Tree): Mutant[] {
  const fields: [string, ConfigNode][] = Object.entries(table.fields);
  if (typeof table.others === "object") fields.push(["zzq9", table.others]);
  const around = beside[path.map((part) => (part === "zzq9" ? "*" : part)).join(".")] ?? {};
  return fields.flatMap(([key, node]) => {
    const { [key]: _, ...others } = around;
    return ofNode(node, [...path, key], (value) => put({ ...others, [key]: value }));
  });
}

function ofNode(node: ConfigNode, path: readonly string[], put: (value: Toml) => Tree): Mutant[] {
  if (path.length > 6) return [];
  const key = path.join(".");
  return [
    ...kinds.map(([kind, value]) => ({ key, kind, tree: put(value) })),
    ...(node.table ? ofTable(node.table, path, put) : []),
  ];
}

/** Judges all of them by the tables and by the real Codex. */
export async function measureTables(version: CodexVersion, home: string): Promise<Measured> {
  const judge = await ConfigJudge.open(version, home);
  const measured: Measured = { mutants: 0, refused: 0, agreed: 0, falseAlarms: [], missed: [] };
  try {
    for (const { key, kind, tree } of mutants()) {
      const reading = readConfig(tomlText(tree));
      const isCalledWrong = reading.kind === "tree" && configFaults(reading.tree).length > 0;
      const isRefused = (await judge.judge(tree)) !== null;
      measured.mutants += 1;
      if (isRefused) measured.refused += 1;
      if (isRefused === isCalledWrong) measured.agreed += 1;
      else (isRefused ? measured.missed : measured.falseAlarms).push(`${key} = ${kind}`);
    }
  } finally {
    await judge.close();
  }
  return measured;
}
