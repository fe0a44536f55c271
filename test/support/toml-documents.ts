import * as fc from "fast-check";

/** A pair of a generated document: how it is written and where it is found in the tree. */
interface WrittenPair {
  path: string[];
  value: string;
  /** Its whole line, without the newline. */
  line: string;
}

export interface TomlDocument {
  text: string;
  pairs: WrittenPair[];
  /** Every table that can be written to, the root first. */
  tables: string[][];
}

type Line = { kind: "filler"; text: string } | { kind: "pair"; key: string; spelling: string; value: string };

interface Section {
  name: string;
  header: string;
  isList: boolean;
  lines: Line[];
}

const bareKey = fc.stringMatching(/^[a-z_-]{1,6}$/);
const oddKey = fc.constantFrom("a b", "x.y", "[t]", "k = 1", "#", "__proto__", "", "'", "é", "constructor");

/** A key and one of its spellings. */
const spelledKey = fc.oneof(
  bareKey.chain((key) =>
    fc.constantFrom(key, JSON.stringify(key), `'${key}'`).map((spelling) => ({ key, spelling })),
  ),
  oddKey.map((key) => ({ key, spelling: JSON.stringify(key) })),
);

const lookalike = fc.constantFrom(
  "k = 1",
  "[t]",
  "[[t]]",
  "# no comment",
  "a.b = { c = 1 }",
  "",
  "]",
  "}",
  ",",
);

const value = fc.oneof(
  fc.integer().map(String),
  fc.constantFrom("true", "false", "1.50", "nan", "-inf", "0x1F", "1_000", "1979-05-27 07:32:00", "07:32:00"),
  fc.string().map((text) => JSON.stringify(text).replaceAll("\u007F", "\\u007f")),
  lookalike.map((text) => `'${text}'`),
  fc.array(lookalike).map((lines) => `"""\n${lines.join("\n")}\\""" """`),
  fc.array(lookalike).map((lines) => `'''\n${lines.join("\n")}'''''`),
  fc.array(lookalike).map((items) => `[${items.map((item) => `\n  '${item}', # ]`).join("")}\n]`),
  fc.constantFrom("{}", "{ a = 1, 'b c' = { d = '}' } }", "[ { a = 1 }, { a = 2 } ]", "[]"),
);

const filler = fc.constantFrom("", "  ", "# note", "  # k = 1", "# [t]", '# """', "#'''");

const lines = fc
  .array(
    fc.oneof(
      filler.map((text): Line => ({ kind: "filler", text })),
      fc
        .tuple(spelledKey, value)
        .map(([{ key, spelling }, written]): Line => ({ kind: "pair", key, spelling, value: written })),
    ),
    { maxLength: 8 },
  )
  .map(withoutDoubles);

const section = fc
  .record({ spelled: spelledKey, isList: fc.boolean(), blank: fc.constantFrom("", " "), lines })
  .map(({ spelled, isList, blank, lines: body }): Section => {
    const inside = `${blank}${spelled.spelling}${blank}`;
    return { name: spelled.key, header: isList ? `[[${inside}]] # l` : `[${inside}]`, isList, lines: body };
  });

/** Valid documents with much that looks like keys and is none. */
export const tomlDocument: fc.Arbitrary<TomlDocument> = fc
  .record({
    root: lines,
    sections: fc.uniqueArray(section, { selector: ({ name }) => name, maxLength: 4 }),
    newline: fc.constantFrom("\n", "\r\n"),
    bom: fc.constantFrom("", "\uFEFF"),
    endsWithNewline: fc.boolean(),
  })
  .map(({ root, sections, newline, bom, endsWithNewline }) => {
    const names = new Set(root.flatMap((line) => (line.kind === "pair" ? [line.key] : [])));
    const tables = sections.filter(({ name }) => !names.has(name));
    const all = [
      ...root.map(writeLine),
      ...tables.flatMap(({ header, lines: body }) => [header, ...body.map(writeLine)]),
    ];
    const text = all.join("\n") + (endsWithNewline && all.length > 0 ? "\n" : "");
    const reachable = tables.filter(({ isList }) => !isList);
    const document = {
      text: bom + text,
      pairs: [...pairsOf([], root), ...reachable.flatMap(({ name, lines: body }) => pairsOf([name], body))],
      tables: [[], ...reachable.map(({ name }) => [name])],
    };
    return newline === "\n" ? document : inCrlf(document);
  });

function inCrlf(document: TomlDocument): TomlDocument {
  const crlf = (text: string) => text.replaceAll("\n", "\r\n");
  const pairs = document.pairs.map((pair) => ({ ...pair, value: crlf(pair.value), line: crlf(pair.line) }));
  return { ...document, text: crlf(document.text), pairs };
}

function withoutDoubles(all: Line[]): Line[] {
  const seen = new Set<string>();
  return all.filter((line) => line.kind === "filler" || (!seen.has(line.key) && seen.add(line.key)));
}

function pairsOf(table: string[], body: Line[]): WrittenPair[] {
  return body.flatMap((line) =>
    line.kind === "pair" ? [{ path: [...table, line.key], value: line.value, line: writeLine(line) }] : [],
  );
}

function writeLine(line: Line): string {
  return line.kind === "filler" ? line.text : ` ${line.spelling} = ${line.value} # c`;
}
