import { statSync } from "node:fs";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { LogFile, withLog } from "../../src/sessions/log-file.ts";
import { makeHome } from "../support/given-sessions.ts";

/** Lines around the sizes at which a chunk ends, some with what is looked for, not always at the start. */
const lines = fc.array(
  fc
    .tuple(
      fc.constantFrom(0, 3, 65_530, 65_536, 131_072, 300_000),
      fc.constantFrom("", "NEEDLE", "OTHER", "NEEDLE NEEDLE"),
    )
    .map(([length, word]) => "ä".repeat(length / 2) + word + "x".repeat(length / 2)),
  { maxLength: 8 },
);

it("finds the same lines from the front and from the back, whatever their length, and no torn one", () => {
  using home = makeHome();
  fc.assert(
    fc.property(lines, fc.constantFrom("", "NEEDLE torn"), (lines, torn) => {
      const whole = lines.map((each) => `${each}\n`).join("");
      const path = home.write("one", whole + torn);
      const log = new LogFile(path, statSync(path).size);
      try {
        const expected = lines.filter((each) => each.includes("NEEDLE"));
        expect([...log.linesBackwards("NEEDLE")]).toEqual(expected.toReversed());
        const both = lines.filter((each) => each.includes("NEEDLE") || each.includes("OTHER"));
        const forwards = log.linesFrom(0, ["NEEDLE", "OTHER"]);
        for (const each of both) expect(forwards.next()).toEqual({ done: false, value: each });
        expect(forwards.next()).toEqual({ done: true, value: Buffer.byteLength(whole) });
      } finally {
        log.close();
      }
    }),
    { numRuns: 30 },
  );
});

const mega = 1024 * 1024;

// One line of 400 MB took 1.3 GB of memory, and the more time the longer it had become.
it.each([
  ["before", (endless: string) => `${endless}\na NEEDLE\nb NEEDLE\n`],
  ["between", (endless: string) => `a NEEDLE\n${endless}\nb NEEDLE\n`],
  ["behind", (endless: string) => `a NEEDLE\nb NEEDLE\n${endless}\n`],
])("a line without end %s the others is passed over, whatever is in it", (_, around) => {
  using home = makeHome();
  const endless = `NEEDLE${"x".repeat(30 * mega)}NEEDLE`;
  const path = home.write("one", around(endless));
  const log = new LogFile(path, statSync(path).size);
  expect([...log.linesBackwards("NEEDLE")]).toEqual(["b NEEDLE", "a NEEDLE"]);
  expect([...log.linesFrom(0, ["NEEDLE"])]).toEqual(["a NEEDLE", "b NEEDLE"]);
  expect([log.hasLineOver(29 * mega), log.hasLineOver(31 * mega)]).toEqual([true, false]);
  log.close();
});

it("counting goes on at the start of a line that has no end yet", () => {
  using home = makeHome();
  const head = "a NEEDLE\n";
  const path = home.write("one", `${head}NEEDLE${"x".repeat(30 * mega)}`);
  const log = new LogFile(path, statSync(path).size);
  const lines = log.linesFrom(0, ["NEEDLE"]);
  expect(lines.next().value).toBe("a NEEDLE");
  expect(lines.next()).toEqual({ done: true, value: head.length });
  expect([...log.linesBackwards("NEEDLE")]).toEqual(["a NEEDLE"]);
  log.close();
});

it("gives what is there of a file that has become shorter", () => {
  using home = makeHome();
  const path = home.write("one", "a NEEDLE\n");
  const log = new LogFile(path, 1000);
  expect([...log.linesBackwards("NEEDLE")]).toEqual(["a NEEDLE"]);
  expect([...log.linesFrom(0, ["NEEDLE"])]).toEqual(["a NEEDLE"]);
  log.close();
});

it("a log that is gone reads as nothing, a fault of the reader does not", () => {
  using home = makeHome();
  expect(withLog({ path: `${home.path}/gone`, size: 9 }, () => "read")).toBeNull();
  const file = { path: home.write("one", "a\n"), size: 2 };
  const faulty = () => {
    throw new TypeError("a bug");
  };
  expect(() => withLog(file, faulty)).toThrow("a bug");
});
