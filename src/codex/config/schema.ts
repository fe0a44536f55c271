import { configNodes } from "../tables/config-nodes.ts";

/** What Codex takes as the value of a key; kinds that are not here it refuses. */
export interface ConfigNode {
  any?: true;
  /** Any text, or these words only. */
  text?: true | readonly string[];
  notEmpty?: true;
  /** Null where no limit is known. */
  integer?: readonly [min: number | null, max: number | null];
  float?: true;
  flag?: true;
  /** A list of these. */
  items?: ConfigNode;
  /** Only a list without anything in it. */
  emptyList?: true;
  table?: ConfigTable;
  /** Kinds of which some values are taken, by rules that are not known. */
  depends?: readonly string[];
  /** Of a table that may be written as the list of its values: kinds that a list of one may not hold. */
  notInList?: readonly string[];
}

export interface ConfigTable {
  fields: Readonly<Record<string, ConfigNode>>;
  /** What other keys may have. */
  others: ConfigNode | "ignored" | "refused" | "any";
  required?: readonly string[];
  /** Exactly one of the fields. */
  isOneOf?: true;
}

/** As they are kept: equal nodes once, children by their number. */
interface KeptNode extends Omit<ConfigNode, "items" | "table"> {
  items?: number;
  table?: Omit<ConfigTable, "fields" | "others"> & {
    fields: Record<string, number>;
    others: number | string;
  };
}

/** Made when it is first asked for, and always the same. */
let schema: ConfigTable | undefined;

/** Everything that config.toml may hold, of the newest version that was asked. */
export function configSchema(): ConfigTable {
  return (schema ??= wholeSchema());
}

function wholeSchema(): ConfigTable {
  const kept = JSON.parse(configNodes) as KeptNode[];
  const nodes: ConfigNode[] = [];
  const at = (index: number) => nodes[index] ?? {};
  // Children stand before what holds them.
  for (const { items, table, ...node } of kept)
    nodes.push({
      ...node,
      ...(items !== undefined && { items: at(items) }),
      ...(table && { table: unpacked(table, at) }),
    });
  return nodes.at(-1)?.table ?? { fields: {}, others: "any" };
}

function unpacked(
  { fields, others, ...table }: NonNullable<KeptNode["table"]>,
  at: (index: number) => ConfigNode,
): ConfigTable {
  return {
    ...table,
    fields: Object.fromEntries(Object.entries(fields).map(([key, index]) => [key, at(index)])),
    others: typeof others === "number" ? at(others) : (others as "ignored" | "refused" | "any"),
  };
}
