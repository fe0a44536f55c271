import type { ConfigJudge, Refusal, Tree } from "./config-judge.ts";
import type { ConfigNode, ConfigTable } from "./facts.ts";
import type { Words } from "./program-words.ts";
import { Spelled, type Toml } from "./toml-text.ts";

/** Where a value goes: `put` makes the smallest configuration that has it there. */
interface Place {
  path: readonly string[];
  put: (value: Toml) => Tree;
}

type Container = { readonly [key: string]: Toml };

/** A key that Codex never had, for what it makes of unknown ones; it stands for `*` in a path. */
const nobody = "zzq9";
const word = "x-zz";
const decimal = new Spelled("1.5");

/** What such a table needs beside the key that is looked at, where Codex does not say it as a missing field. */
const needed = new Map<string, Container[]>([
  ["mcp_servers.*", [{ command: "x" }, { url: "https://x.example" }]],
  ["model_providers.*", [{ name: "x" }]],
]);

/** Of the lists of one that are tried, in their order. */
const kindsInList = ["text", "integer", "flag", "table", "list"];

const deepest = 10;
const chunk = 1500;

/**
 * Finds every key that Codex reads and what it takes there, by asking it: a key is known where a value that an unknown
 * key may have is refused. `words` are all names that can be keys.
 */
export class ConfigExplorer {
  readonly #judge: ConfigJudge;
  readonly #words: Words;
  readonly #log: (line: string) => void;
  #features: ConfigNode | null;

  /** `features` is what is known of them already, where it is: they take most of the time. */
  constructor(
    judge: ConfigJudge,
    words: Words,
    log: (line: string) => void = () => undefined,
    features: ConfigNode | null = null,
  ) {
    this.#judge = judge;
    this.#words = words;
    this.#log = log;
    this.#features = features;
  }

  async explore(): Promise<ConfigTable> {
    return await this.#table({ path: [], put: (value) => value as Tree }, null, []);
  }

  async #node(place: Place): Promise<ConfigNode> {
    const at = (value: Toml) => this.#judge.judge(place.put(value));
    const text = await at(word);
    const integer = await at(5);
    const flag = await at(true);
    const float = await at(decimal);
    const list = await at([]);
    const table = await at({});
    const items: (Refusal | null)[] = [];
    for (const value of [word, 5, true, {}, []]) items.push(await at([value]));
    const all = [text, integer, flag, float, list, table];
    if ([...all, ...items].every((each) => each === null)) return { any: true };
    const node: ConfigNode = {};
    const depends: string[] = [];
    if (text === null) {
      node.text = true;
      if ((await at("")) !== null) node.notEmpty = true;
    } else if (isChoice(text)) node.text = await this.#choices(at, namesIn(text));
    else if (!isOfType(text) && !isUntagged(text)) depends.push("text");
    if (!isOfType(integer) && !isUntagged(integer)) node.integer = await this.#range(at);
    if (flag === null) node.flag = true;
    if (float === null) node.float = true;
    const isTable = table === null || !(isOfType(table) || isUntagged(table));
    if (list === null && isTable && items.every((each) => each !== null)) node.emptyList = true;
    // A table may be written as the list of its values.
    else if (isTable && items.some((each) => each === null)) {
      depends.push("list");
      node.notInList = kindsInList.filter((_, index) => isOfType(items[index] ?? null));
    } else if (list === null || (!isTable && !isOfType(list) && !isUntagged(list)))
      node.items = place.path.length < deepest ? await this.#node(itemOf(place)) : { any: true };
    if (isTable) node.table = await this.#table(place, table, Array.isArray(node.text) ? node.text : []);
    // Such a type says only that nothing fits: where something does, the rest is taken for refused.
    const fitsNothing = Object.keys(node).length === 0;
    if (fitsNothing && isUntagged(table)) depends.push("table");
    if (fitsNothing && isUntagged(text)) depends.push("text");
    if (depends.length > 0) node.depends = [...new Set(depends)];
    return node;
  }

  /** Those of the named words that are a value by themselves; the others open a table. */
  async #choices(at: (value: Toml) => Promise<Refusal | null>, names: readonly string[]): Promise<string[]> {
    const taken: string[] = [];
    for (const name of names) if ((await at(name)) === null) taken.push(name);
    return taken;
  }

  async #range(at: (value: Toml) => Promise<Refusal | null>): Promise<[number | null, number | null]> {
    const first = async (values: readonly number[]) => {
      for (const value of values) if ((await at(value)) === null) return value;
      return null;
    };
    return [
      await first([-9_007_199_254_740_991, -2_147_483_648, -1, 0, 1, 5]),
      await first([9_007_199_254_740_991, 4_294_967_295, 2_147_483_647, 65_535, 255, 100, 99, 5]),
    ];
  }

  async #table(place: Place, empty: Refusal | null, choices: readonly string[]): Promise<ConfigTable> {
    const name = place.path.join(".");
    const table: ConfigTable = { fields: {}, others: "ignored" };
    if (place.path.length >= deepest) return { fields: {}, others: "any" };
    if (empty && /exactly 1 element|single key/.test(empty.text)) return await this.#variants(place, choices);
    const { base, required, isComplete } = await this.#base(place, empty);
    const bases = needed.get(name) ?? [base];
    if (required.length > 0) table.required = required;
    if (!isComplete && !needed.has(name)) return { ...table, others: "any" };
    const known = new Set([...bases.flatMap((each) => Object.keys(each)), ...required]);
    const fillers: Toml[] = [5, word, true, {}, []];
    const first = bases[0] ?? {};
    const asNobody = new Map<Toml, Refusal | null>();
    for (const value of fillers)
      asNobody.set(value, await this.#judge.judge(place.put({ ...first, [nobody]: value })));
    const taken = fillers.filter((value) => asNobody.get(value) === null);
    const refusal = [...asNobody.values()].find((each) => each !== null && isUnknownName(each));
    if (refusal) {
      table.others = "refused";
      for (const each of namesIn(refusal)) known.add(each);
    } else if ([...asNobody.values()].every(isUntagged)) {
      table.others = "refused";
      for (const each of this.#words.ofSettings)
        if (await this.#isTaken(place, first, each, fillers)) known.add(each);
    } else {
      const isUnknown = async (key: string, value: Toml) =>
        (await this.#judge.unknownKey(place.put({ ...first, [key]: value }))) !== null;
      const [any] = taken;
      const isNamed = any !== undefined && (await isUnknown(nobody, any));
      if (taken.length < fillers.length) table.others = await this.#node(memberOf(place, first, "*"));
      else if (!isNamed) table.others = "any";
      for (const value of taken) await this.#sweep(place, first, value, known);
      // Every key of such a table takes the same, and only its name tells whether Codex reads it.
      if (isNamed && any !== undefined && table.others !== "ignored") {
        table.isNamed = true;
        for (const each of this.#words.all)
          if (!known.has(each) && !(await isUnknown(each, any))) known.add(each);
      }
    }
    for (const key of [...known].sort()) table.fields[key] = await this.#member(place, bases, key);
    this.#log(`${name || "(top)"}: ${Object.keys(table.fields).length} keys (${this.#judge.count})`);
    return table;
  }

  async #isTaken(place: Place, base: Container, key: string, values: readonly Toml[]): Promise<boolean> {
    for (const value of values)
      if ((await this.#judge.judge(place.put({ ...base, [key]: value }))) === null) return true;
    return false;
  }

  /** A table with one key, which says what kind it is. */
  async #variants(place: Place, choices: readonly string[]): Promise<ConfigTable> {
    const refusal = await this.#judge.judge(place.put({ [nobody]: 5 }));
    const table: ConfigTable = { fields: {}, others: "refused", isOneOf: true };
    for (const name of refusal ? namesIn(refusal) : [])
      if (!choices.includes(name)) table.fields[name] = await this.#node(memberOf(place, {}, name));
    return table;
  }

  /** With the fields that Codex misses one after another. */
  async #base(
    place: Place,
    empty: Refusal | null,
  ): Promise<{ base: Container; required: string[]; isComplete: boolean }> {
    let base: Container = {};
    let refusal = empty;
    const required: string[] = [];
    for (let tries = 0; tries < 20; tries += 1) {
      const missing = /missing field `([^`]+)`/.exec(refusal?.text ?? "")?.[1];
      if (missing === undefined) break;
      required.push(missing);
      const value = await this.#anyValue(memberOf(place, base, missing), missing);
      if (value === undefined) break;
      base = Object.assign({}, base, { [missing]: value });
      refusal = await this.#judge.judge(place.put(base));
    }
    return { base, required, isComplete: refusal === null };
  }

  /** One that Codex takes there, or that at least is not what it complains of. */
  async #anyValue(place: Place, field: string): Promise<Toml | undefined> {
    for (const value of [word, 5, true, [], {}, decimal, "https://x.example", "2026-01-01T00:00:00Z"]) {
      const refusal = await this.#judge.judge(place.put(value));
      if (refusal === null) return value;
      if (isChoice(refusal) && value === word) return namesIn(refusal)[0];
      const next = /missing field `([^`]+)`/.exec(refusal.text)?.[1];
      if (next === undefined || next === field) continue;
      // Of this table, or of the one that was just put there.
      if (JSON.stringify(value) !== "{}") return value;
      const below = place.path.length < deepest ? await this.#base(place, refusal) : null;
      return below?.isComplete ? below.base : value;
    }
    return undefined;
  }

  /** Adds the words that are refused where an unknown key with that value is not. */
  async #sweep(place: Place, base: Container, value: Toml, known: Set<string>): Promise<void> {
    const real = place.path.map((part) => (part === "*" ? nobody : part)).join(".");
    const judge = (keys: readonly string[]) =>
      this.#judge.judge(place.put({ ...base, ...Object.fromEntries(keys.map((key) => [key, value])) }));
    for (let from = 0; from < this.#words.all.length; from += chunk) {
      let rest = this.#words.all.slice(from, from + chunk).filter((each) => !known.has(each));
      for (let refusal = await judge(rest); refusal !== null; refusal = await judge(rest)) {
        const tail = refusal.at.startsWith(real) ? refusal.at.slice(real.length).replace(/^\./, "") : "";
        const named = /^[\w-]+/.exec(tail)?.[0] ?? "";
        const isRight = rest.includes(named) && (await judge([named])) !== null;
        const found = isRight ? named : await firstRefused(rest, judge);
        known.add(found);
        rest = rest.filter((each) => each !== found);
      }
    }
  }

  async #member(place: Place, bases: readonly Container[], key: string): Promise<ConfigNode> {
    // The features of an old profile are those of the top, and they are many.
    if (key === "features" && this.#features !== null) return this.#features;
    let found: ConfigNode = {};
    for (const base of bases) {
      const { [key]: _, ...others } = base;
      found = await this.#node(memberOf(place, others, key));
      if (Object.keys(found).some((each) => each !== "depends")) break;
    }
    if (key === "features") this.#features = found;
    return found;
  }
}

/** The last word of the shortest beginning that is refused. */
async function firstRefused(
  words: readonly string[],
  judge: (words: readonly string[]) => Promise<Refusal | null>,
): Promise<string> {
  let [taken, refused] = [0, words.length];
  while (refused - taken > 1) {
    const middle = (taken + refused) >> 1;
    if ((await judge(words.slice(0, middle))) === null) taken = middle;
    else refused = middle;
  }
  return words[refused - 1] ?? "";
}

function memberOf(place: Place, base: Container, key: string): Place {
  const name = key === "*" ? nobody : key;
  return { path: [...place.path, key], put: (value) => place.put({ ...base, [name]: value }) };
}

function itemOf(place: Place): Place {
  return { path: [...place.path, "[]"], put: (value) => place.put([value]) };
}

function isOfType(refusal: Refusal | null): boolean {
  return refusal !== null && /^invalid type: |expected string only$|^invalid length /.test(refusal.text);
}

function isUntagged(refusal: Refusal | null): boolean {
  return refusal !== null && refusal.text.startsWith("data did not match any variant");
}

function isChoice({ text }: Refusal): boolean {
  return text.startsWith("unknown variant `x-zz`");
}

function isUnknownName({ text }: Refusal): boolean {
  return /^unknown (field|variant) `zzq9`/.test(text);
}

/** What Codex lists as possible. */
function namesIn({ text }: Refusal): string[] {
  const [, list = ""] = /^unknown (?:field|variant) `[^`]*`,? ?(.*)$/s.exec(text) ?? [];
  return [...list.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
}
