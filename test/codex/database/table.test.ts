import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { migrationFaults, migrationTable } from "../../../src/codex/database/migrations.ts";
import { readSqliteTable } from "../../../src/codex/database/table.ts";
import { projectRoot } from "../../support/home.ts";

const file = (name: string) => readFileSync(join(projectRoot, "fixtures/sqlite", name));

/** Counts the reads, so that a database without end would show. */
function reader(bytes: Uint8Array, reads = { count: 0 }) {
  return (offset: number, length: number) => {
    reads.count += 1;
    return offset < 0 || offset > bytes.length ? new Uint8Array() : bytes.subarray(offset, offset + length);
  };
}

const rowsOf = (main: Uint8Array, wal: Uint8Array | null = null, name = migrationTable) =>
  readSqliteTable(reader(main), wal && reader(wal), name);

test("a table on many small pages is read whole, with what overflows them", () => {
  const rows = rowsOf(file("small-pages.sqlite"));
  expect(rows?.map(([version]) => version)).toEqual(Array.from({ length: 62 }, (_, index) => index + 1));
  expect(String(rows?.[39]?.[1])).toMatch(/^threads history mode\.{900}$/);
  expect(migrationFaults("state_5.sqlite", rows ?? [])).toEqual([]);
});

test("what is only in the -wal counts, and without it there is no table", () => {
  expect(rowsOf(file("in-wal.sqlite"))).toBeNull();
  const rows = rowsOf(file("in-wal.sqlite"), file("in-wal.sqlite-wal"));
  expect(rows?.map(([version, description]) => [version, description])).toEqual([
    [1, "thread goals"],
    [2, "thread goal continuation deferrals"],
  ]);
});

test("frames of an older round of the -wal do not count", () => {
  const rows = rowsOf(file("second-round.sqlite"), file("second-round.sqlite-wal"));
  expect(rows?.map(([, description]) => description)).toEqual(["queued items", "second round"]);
});

test("frames that were not committed do not count", () => {
  const wal = Buffer.from(file("second-round.sqlite-wal"));
  wal.writeUInt32BE(0, 32 + 4);
  const rows = rowsOf(file("second-round.sqlite"), wal);
  expect(rows?.map(([, description]) => description)).not.toContain("second round");
  expect(rows).toHaveLength(2);
});

test.each([
  ["nothing", new Uint8Array()],
  ["another file", Buffer.from("no database at all\n".repeat(50))],
  ["a header alone", file("small-pages.sqlite").subarray(0, 100)],
  ["half a page", file("small-pages.sqlite").subarray(0, 300)],
])("%s is no database", (_, bytes) => {
  expect(rowsOf(bytes)).toBeNull();
});

test("a table that is not there is not found", () => {
  expect(rowsOf(file("small-pages.sqlite"), null, "accounts")).toBeNull();
});

test("pages that lead in a circle end", () => {
  const bytes = Buffer.from(file("small-pages.sqlite"));
  const pages = bytes.length / 512;
  for (let page = 1; page < pages; page += 1) {
    if (bytes[page * 512] === 0x05) bytes.writeUInt32BE(page + 1, page * 512 + 8);
  }
  expect(rowsOf(bytes)).toBeNull();
});

test("overflow pages that lead in a circle end", () => {
  const bytes = Buffer.from(file("small-pages.sqlite"));
  for (let page = 1; page < bytes.length / 512; page += 1) {
    const type = bytes[page * 512];
    if (type !== 0x0d && type !== 0x05 && type !== 0x0a && type !== 0x02)
      bytes.writeUInt32BE(page + 1, page * 512);
  }
  expect(() => rowsOf(bytes)).not.toThrow();
});

test("whatever bytes are changed or missing, reading ends soon and breaks nothing", () => {
  const sources = ["small-pages.sqlite", "in-wal.sqlite", "second-round.sqlite"].map((name) => ({
    main: file(name),
    wal: name === "small-pages.sqlite" ? null : file(`${name}-wal`),
  }));
  const change = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    byte: fc.integer({ min: 0, max: 255 }),
  });
  fc.assert(
    fc.property(
      fc.constantFrom(...sources),
      fc.array(change, { maxLength: 40 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.boolean(),
      ({ main, wal }, changes, cut, isWalChanged) => {
        const changed = Buffer.from(isWalChanged && wal ? wal : main);
        // The beginnings of pages decide most.
        for (const { at, byte } of changes) changed[Math.floor(at * at * changed.length)] = byte;
        const short = cut < 0.3 ? changed.subarray(0, Math.floor(cut * 3 * changed.length)) : changed;
        const reads = { count: 0 };
        const [first, second] = isWalChanged && wal ? [main, short] : [short, wal];
        const rows = readSqliteTable(reader(first, reads), second && reader(second, reads), migrationTable);
        expect(rows === null || Array.isArray(rows)).toBe(true);
        expect(reads.count).toBeLessThan(60_000);
        migrationFaults("state_5.sqlite", rows ?? []);
      },
    ),
    { numRuns: 2000 },
  );
});

test("random bytes behind a right header end as well", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 4096, maxLength: 12_288 }), (bytes) => {
      bytes.set(file("small-pages.sqlite").subarray(0, 100));
      rowsOf(bytes);
    }),
    { numRuns: 500 },
  );
});

const row = (version: number, checksum: Uint8Array, success = 1) => [
  version,
  "x",
  "then",
  success,
  checksum,
  1,
];
const rows = rowsOf(file("in-wal.sqlite"), file("in-wal.sqlite-wal")) ?? [];
const [first, second] = rows.map((each) => each[4] as Uint8Array);

test.each([
  ["as Codex made them", rows, []],
  ["one more, of a newer Codex", [...rows, row(3, new Uint8Array(48))], []],
  ["another checksum", [row(1, first!), row(2, new Uint8Array(48))], ["modified 2"]],
  ["never finished", [row(1, first!), row(2, second!, 0)], ["unfinished 2"]],
  ["not recorded", [row(2, second!)], ["missing 1"]],
  ["no rows", [], []],
  ["rows of another shape", [["a"], [null, 1, 2, 3, 4], []], []],
  ["a checksum of three bytes", [row(1, first!.subarray(0, 3)), row(2, second!)], ["modified 1"]],
])("migrations: %s", (_, given, expected) => {
  const faults = migrationFaults("goals_1.sqlite", given);
  expect(faults.map(({ kind, version }) => `${kind} ${version}`)).toEqual(expected);
});
