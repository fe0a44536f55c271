import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { editConfig } from "../../../src/codex/config/edit.ts";
import type { ConfigValue } from "../../../src/codex/config/tree.ts";
import { CodexAuthError } from "../../../src/errors/codex-auth-error.ts";

const folder = new URL("../../../fixtures/config-toml/", import.meta.url);
const names = readdirSync(folder).filter((name) => name.endsWith(".toml") && !name.startsWith("broken"));
const read = (name: string) => readFileSync(new URL(name, folder), "utf8");

const set = (text: string, path: string[], value: ConfigValue) => editConfig(text, [{ path, value }]);
const remove = (text: string, path: string[]) => editConfig(text, [{ path, value: undefined }]);

function refusalOf(action: () => unknown): CodexAuthError {
  try {
    action();
  } catch (error) {
    if (error instanceof CodexAuthError) return error;
    throw error;
  }
  throw new Error("the edit was not refused");
}

describe("setting a key replaces only its value", () => {
  test.each<[string, string, string[], ConfigValue, string]>([
    ["and keeps the comment behind it", "a = 1  # why\nb = 2\n", ["a"], 3, "a = 3  # why\nb = 2\n"],
    ["and keeps blanks and indentation", "[t]\n\t a   =    1\n", ["t", "a"], 3, "[t]\n\t a   =    3\n"],
    ["under a quoted key", '"a" = 1\n', ["a"], 2, '"a" = 2\n'],
    ["under a literal key", "'a' = 1\n", ["a"], 2, "'a' = 2\n"],
    ["under an escaped key", '"\\u0061" = 1\n', ["a"], 2, '"\\u0061" = 2\n'],
    ["under a dotted key", "a . 'b.c' . \"d\" = 1\n", ["a", "b.c", "d"], 2, "a . 'b.c' . \"d\" = 2\n"],
    ["below a header with blanks", '[ a . "b" ]\nc = 1\n', ["a", "b", "c"], 2, '[ a . "b" ]\nc = 2\n'],
    ["in an inline table", "t = { a = 1, b = 2 } # c\n", ["t", "b"], 3, "t = { a = 1, b = 3 } # c\n"],
    [
      "in an inline table of an inline table",
      "[x]\nt = {a={'b c'=1}}",
      ["x", "t", "a", "b c"],
      3,
      "[x]\nt = {a={'b c'=3}}",
    ],
    [
      "when it is a list over several lines",
      "a = [ # c\n 1,\n 2 # ]\n]\nb = 1",
      ["a"],
      true,
      "a = true\nb = 1",
    ],
    ["when it is a long text", 'a = """\nb = 1\n""""\nb = 2', ["a"], "x", 'a = "x"\nb = 2'],
    ["when it is a long literal", "a = '''\nb = 1\n'''''\nb = 2", ["a"], "x", 'a = "x"\nb = 2'],
    ["when it is a date with a blank", "a = 1979-05-27 07:32:00 # c\n", ["a"], 1, "a = 1 # c\n"],
    ["when it is an empty text", 'a = ""\nb = 1', ["a"], "x", 'a = "x"\nb = 1'],
    ["in a file with CRLF", "a = 1\r\nb = 2\r\n", ["a"], 3, "a = 3\r\nb = 2\r\n"],
    ["behind a byte order mark", "\uFEFFa = 1", ["a"], 2, "\uFEFFa = 2"],
    ["between the parts of a dotted table", "a.b = 1\na.c = 2\n", ["a", "b"], 3, "a.b = 3\na.c = 2\n"],
    ["from text to a list", 'a = "x"\n', ["a"], ["x", "y"], 'a = [ "x", "y" ]\n'],
  ])("%s", (_, before, path, value, after) => {
    expect(set(before, path, value)).toBe(after);
  });

  test("and leaves a text alone that says so already, however it is spelled", () => {
    const text = "a = 'x'\nb = [ 'y', # why\n ]\nc = 0x10\nd = 1.50\n";
    const same: [string, ConfigValue][] = [
      ["a", "x"],
      ["b", ["y"]],
      ["c", 16],
      ["d", 1.5],
    ];
    expect(
      editConfig(
        text,
        same.map(([key, value]) => ({ path: [key], value })),
      ),
    ).toBe(text);
  });
});

describe("a new key goes", () => {
  test.each<[string, string, string[], string]>([
    ["into an empty file", "", ["k"], "k = 1\n"],
    ["behind a lone byte order mark", "\uFEFF", ["k"], "\uFEFFk = 1\n"],
    ["behind the last root key", "a = 1\n\n# t\n[t]\nb = 2\n", ["k"], "a = 1\nk = 1\n\n# t\n[t]\nb = 2\n"],
    ["above the first table and its comment", "# top\n\n# t\n[t]\n", ["k"], "# top\n\nk = 1\n\n# t\n[t]\n"],
    ["above a list of tables", "[[t]]\na = 1\n", ["k"], "k = 1\n\n[[t]]\na = 1\n"],
    ["behind a byte order mark", "\uFEFF# t\n[t]\n", ["k"], "\uFEFFk = 1\n\n# t\n[t]\n"],
    ["behind nothing but comments", "# none\n", ["k"], "# none\nk = 1\n"],
    ["behind a text without a final newline", "a = 1", ["k"], "a = 1\nk = 1"],
    ["in with CRLF", "a = 1\r\n[t]\r\n", ["k"], "a = 1\r\nk = 1\r\n[t]\r\n"],
    ["into its table", "[t]\na = 1\n\n[u]\n", ["t", "k"], "[t]\na = 1\nk = 1\n\n[u]\n"],
    ["into an empty table", "[t] # c\n\n[u]\n", ["t", "k"], "[t] # c\nk = 1\n\n[u]\n"],
    ["into its table, indented", "[t]\n  a = 1\n", ["t", "k"], "[t]\n  a = 1\n  k = 1\n"],
    ["into a quoted table", "['a.b']\nx = 1", ["a.b", "k"], "['a.b']\nx = 1\nk = 1"],
    ["into an inline table", "t = { a = 1 }\n", ["t", "k"], "t = { a = 1, k = 1 }\n"],
    ["into an inline table with a last comma", "t = { a = 1, }\n", ["t", "k"], "t = { a = 1, k = 1, }\n"],
    ["into an empty inline table", "t = {}\n", ["t", "k"], "t = { k = 1 }\n"],
    ["into a nested inline table", "t = {u={a=1}}", ["t", "u", "k"], "t = {u={a=1, k = 1}}"],
    ["into an inline table, dotted", "t = { a = 1 }", ["t", "u", "k"], "t = { a = 1, u.k = 1 }"],
    ["beside dotted keys", "t.a = 1\nb = 2\n", ["t", "k"], "t.a = 1\nt.k = 1\nb = 2\n"],
    ["beside dotted keys below a header", "[x]\nt.a = 1\n", ["x", "t", "k"], "[x]\nt.a = 1\nt.k = 1\n"],
    ["below a dotted table", "t.a = 1\n[u]\n", ["t", "b", "k"], "t.a = 1\nt.b.k = 1\n[u]\n"],
    ["into a new table", "a = 1\n", ["t", "k"], "a = 1\n\n[t]\nk = 1\n"],
    ["into a new table of a file without final newline", "[a]", ["t", "k"], "[a]\n\n[t]\nk = 1"],
    ["into a new table of an empty file", "", ["t", "k"], "[t]\nk = 1\n"],
    ["into a new table behind a blank line", "[a]\n\n", ["t", "k"], "[a]\n\n[t]\nk = 1\n"],
    ["into a table known by its children", "[t.u]\na = 1\n", ["t", "k"], "[t.u]\na = 1\n\n[t]\nk = 1\n"],
    ["below a list of tables, into a new one", "[[l]]\na = 1\n", ["t", "k"], "[[l]]\na = 1\n\n[t]\nk = 1\n"],
    ["in with the quotes it needs", "", ["a b", "c.d"], '["a b"]\n"c.d" = 1\n'],
    ["in as a harmless __proto__", "", ["__proto__", "k"], "[__proto__]\nk = 1\n"],
  ])("%s", (_, before, path, after) => {
    expect(set(before, path, 1)).toBe(after);
  });
});

describe("removing a key", () => {
  test.each<[string, string, string[], string]>([
    ["takes its line and the comment in it", "a = 1 # why\nb = 2\n", ["a"], "b = 2\n"],
    ["keeps the comment above", "# why\na = 1\nb = 2\n", ["a"], "# why\nb = 2\n"],
    ["takes all lines of a list", "a = [\n 1, # ]\n]\nb = 2\n", ["a"], "b = 2\n"],
    ["takes all lines of a text", 'a = """\nx = 1\n"""\nb = 2\n', ["a"], "b = 2\n"],
    ["keeps the end without newline", "a = 1\r\nb = 2", ["b"], "a = 1"],
    ["can leave nothing", "a = 1", ["a"], ""],
    ["can leave a byte order mark", "\uFEFFa = 1\n", ["a"], "\uFEFF"],
    ["closes the gap where it stood alone", "a = 1\n\nb = 2\n\nc = 3\n", ["b"], "a = 1\n\nc = 3\n"],
    ["keeps its table", "[t]\na = 1\n[u]\n", ["t", "a"], "[t]\n[u]\n"],
    ["takes tables that only its dots made", "t.u.a = 1\nb = 2\n", ["t", "u", "a"], "b = 2\n"],
    ["takes the first of an inline table", "t = { a = 1, b = 2 }", ["t", "a"], "t = { b = 2 }"],
    ["takes the last of an inline table", "t = { a = 1, b = 2 }", ["t", "b"], "t = { a = 1 }"],
    ["takes the middle of an inline table", "t = {a=1,b=2,c=3}", ["t", "b"], "t = {a=1,c=3}"],
    ["empties an inline table", "t = { a = 1 }", ["t", "a"], "t = {}"],
    ["that is not there changes nothing", "a = 1", ["b"], "a = 1"],
    ["that is in no table changes nothing", "[[l]]\na = 1", ["t", "a"], "[[l]]\na = 1"],
  ])("%s", (_, before, path, after) => {
    expect(remove(before, path)).toBe(after);
  });
});

describe("an edit is refused", () => {
  test.each<[string, string, string[], ConfigValue | undefined, string]>([
    ["inside a list of tables", "[[l]]\na = 1", ["l", "a"], 2, "it is inside a list"],
    ["below a list of tables", "[[l]]\n[l.t]\na = 1", ["l", "t", "a"], undefined, "it is inside a list"],
    ["inside an inline list", "l = [{ a = 1 }]", ["l", "a"], 2, "it is inside a list"],
    ["below a number", "a = 1", ["a", "b"], 2, "it is below a plain value"],
    ["below a date", "a = 1979-05-27", ["a", "b"], 2, "it is below a plain value"],
    ["over a table", "[t]\na = 1", ["t"], 2, "it is a whole table"],
    ["over an inline table", "t = {}", ["t"], 2, "it is a whole table"],
    ["of a table made by dots", "t.a = 1", ["t"], undefined, "it is a whole table"],
    ["over a list of tables", "[[l]]", ["l"], 2, "it is a list of tables"],
    ["without a key", "a = 1", [], 2, "it is no key that TOML can spell"],
    ["for half a character as key", "", ["\uD800"], 2, "it is no key that TOML can spell"],
    ["for half a character as value", "", ["a"], "\uD800", "the edit would have changed more than that"],
    ["when a comment would go along", "t = { a = 1, # b\n b = 2 }", ["t", "a"], undefined, "its place"],
  ])("%s", (_, text, path, value, why) => {
    const error = refusalOf(() => editConfig(text, [{ path, value }]));
    expect(error).toMatchObject({ code: "config_edit_refused", message: expect.stringContaining(why) });
    expect(error.hint).toContain("in an editor");
  });

  test("when the file is broken, with the line to look at", () => {
    const error = refusalOf(() => set(read("broken-string.toml"), ["a"], 1));
    expect(error.code).toBe("config_unreadable");
    expect(error.message).toContain("line 2, column 25");
  });

  test("without telling the value, which may be a secret", () => {
    const error = refusalOf(() => set("[[l]]", ["l", "a"], "hush"));
    expect(`${error.message} ${error.hint}`).not.toContain("hush");
  });

  test("as a whole when one of several edits is", () => {
    const text = "a = 1\n";
    const edits = [
      { path: ["b"], value: 1 },
      { path: ["a", "b"], value: 1 },
    ];
    expect(refusalOf(() => editConfig(text, edits)).code).toBe("config_edit_refused");
  });
});

describe("values come back as they were given", () => {
  test.each<[ConfigValue, string]>([
    ['quote " and \\ back', '"quote \\" and \\\\ back"'],
    ["line\nbreak\ttab\u0000\u007f", '"line\\nbreak\\ttab\\u0000\\u007f"'],
    ["Grüße 🦀", '"Grüße 🦀"'],
    [-7, "-7"],
    [0.5, "0.5"],
    [1e21, "1e+21"],
    [Number.POSITIVE_INFINITY, "inf"],
    [false, "false"],
    [[], "[]"],
    [["a", 'b"]'], '[ "a", "b\\"]" ]'],
  ])("%j", (value, written) => {
    expect(set("", ["k"], value)).toBe(`k = ${written}\n`);
  });
});

// Faults of other account switchers, which edit config.toml by regular expression.
describe("the faults of others stay out", () => {
  test("a quoted key is not written a second time", () => {
    const edited = set(read("quoted-keys.toml"), ["cli_auth_credentials_store"], "file");
    expect(edited.match(/cli_auth_credentials_store/g)).toHaveLength(1);
  });

  test("nothing is put into a text or list that looks like keys", () => {
    const text = read("text-that-looks-like-keys.toml");
    const edited = editConfig(text, [
      { path: ["model_provider"], value: "proxy" },
      { path: ["features", "web_search"], value: true },
      { path: ["cli_auth_credentials_store"], value: "file" },
      { path: ["model_providers", "x", "name"], value: "real" },
    ]);
    const [head] = text.split('model_provider = "openai"');
    const added = ['model_provider = "proxy"', 'cli_auth_credentials_store = "file"', "", "[features]"];
    const tables = [...added, "web_search = true", "", "[model_providers.x]", 'name = "real"', ""];
    expect(edited).toBe(head + tables.join("\n"));
  });
});

describe("what was added can be taken back without a trace", () => {
  test.each(names)("in %s", (name) => {
    const text = read(name);
    const added = set(text, ["zz_new"], "x");
    expect(added).not.toBe(text);
    expect(remove(added, ["zz_new"])).toBe(text);
  });
});
