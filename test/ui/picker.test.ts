import { expect, test } from "vitest";
import { keysIn } from "../../src/process/key-terminal.ts";
import { displayWidth } from "../../src/text/width.ts";
import { type Choice, pickerLines, type PickerState, press } from "../../src/ui/picker.ts";
import { makeUi } from "../../src/ui/ui.ts";

const choices: Choice[] = ["1 ada plus", "2 work business", "3 lab pro"].map((text) => ({
  value: text.slice(2, text.lastIndexOf(" ")),
  text,
  cells: [text],
}));

/** What is taken, or null when it was left, after these keys. */
function after(keys: string, at = 0): string | null | PickerState {
  let state: PickerState = { filter: "", at };
  for (const key of keysIn(keys)) {
    const pressed = press(state, key, choices);
    if (pressed.kind === "left") return null;
    if (pressed.kind === "taken") return pressed.value;
    state = pressed.state;
  }
  return state;
}

test.each([
  ["\r", 1, "work"],
  ["\u001b[B\r", 0, "work"],
  ["\u001b[A\r", 0, "lab"],
  ["\u001bOB\u001bOB\u001bOB\r", 0, "ada"],
  ["lab\r", 0, "lab"],
  ["3\r", 0, "lab"],
  ["pro 3\r", 0, "lab"],
  ["labx\u007f\r", 0, "lab"],
  ["x\u007fb\u001b[B\r", 0, "lab"],
  ["\u001b", 0, null],
  ["\u0003", 0, null],
])("%j from place %s takes %s", (keys, at, taken) => {
  expect(after(keys, at)).toBe(taken);
});

test("Enter on nothing that fits does nothing, and unknown keys are no letters", () => {
  expect(after("zz\r")).toEqual({ filter: "zz", at: 0 });
  expect(after("\u001b[15~\u001b[1;5Ca")).toEqual({ filter: "a", at: 0 });
});

// Each key left a copy of the line in the screen.
test("a text that is longer than the terminal keeps to its line", async () => {
  const settings = { isUnicode: true, columns: 80, nowMs: 0, isTerminal: true };
  const ui = await makeUi({ ...settings, colorLevel: 0 });
  const look = { title: "Switch to:", columns: [{ title: "ACCOUNT" }], choices };
  const [first = ""] = pickerLines({ filter: `${"x".repeat(200)}end`, at: 0 }, look, ui, 24);
  expect(displayWidth(first)).toBeLessThan(80);
  expect(first).toMatch(/^Switch to: …x+end$/);
});
