import type { ConfigNode, ConfigTable } from "../test/e2e/facts/facts.ts";

/**
 * Every node once, children before what holds them; the top is the last. Nothing is said of keys where another version
 * takes more.
 */
export function packedNodes(top: ConfigTable, looser: ReadonlySet<string>): string {
  const nodes: string[] = [];
  const numbers = new Map<string, number>();
  const pack = (given: ConfigNode, path: string): number => {
    const { items, table, ...node }: ConfigNode = looser.has(path) ? { any: true } : given;
    const text = JSON.stringify({
      ...node,
      ...(items && { items: pack(items, `${path}[]`) }),
      ...(table && { table: packedTable(table, `${path}.`) }),
    });
    const known = numbers.get(text);
    if (known !== undefined) return known;
    numbers.set(text, nodes.length);
    return nodes.push(text) - 1;
  };
  const packedTable = ({ fields, others, isNamed: _, ...table }: ConfigTable, prefix: string): object => ({
    ...table,
    fields: Object.fromEntries(
      Object.entries(fields).map(([key, node]) => [key, pack(node, `${prefix}${key}`)]),
    ),
    others: typeof others === "string" ? others : pack(others, `${prefix}*`),
  });
  const table = packedTable(top, "");
  nodes.push(JSON.stringify({ table }));
  return `[${nodes.join(",\n")}]`;
}
