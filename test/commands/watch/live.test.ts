import { statSync } from "node:fs";
import { expect, test } from "vitest";
import type { Context, KeyTerminal } from "../../../src/context.ts";
import { runFake } from "../../support/fake-context.ts";
import { homeWithThree, TestHome } from "../../support/home.ts";

interface Screen {
  written: string[];
  press: (key: string) => void;
  resize: () => void;
  tick: () => void;
  terminal: KeyTerminal;
}

/** A terminal that is driven by hand, and a clock that ticks when told to. */
function screen(): Screen & Partial<Context> {
  const written: string[] = [];
  const size = { columns: 80, rows: 24 };
  const heard = { onKey: (_: string) => {}, onResize: () => {}, onLeave: () => {}, onReturn: () => {} };
  const clock = { work: () => {} };
  const terminal: KeyTerminal = {
    size: () => size,
    write: (text) => void written.push(text),
    listen: (listeners) => {
      Object.assign(heard, listeners);
      return () => void written.push("<keys given back>");
    },
    suspend: () => {
      heard.onLeave();
      written.push("<suspended>");
      heard.onReturn();
    },
  };
  return {
    written,
    terminal,
    press: (key) => heard.onKey(key),
    resize: () => heard.onResize(),
    tick: () => clock.work(),
    keyTerminal: () => terminal,
    onStopSignal: () => () => undefined,
    schedule: (_, work) => {
      clock.work = work;
      return () => undefined;
    },
  };
}

async function shows({ written }: Screen, text: string): Promise<void> {
  await expect.poll(() => written.join("")).toContain(text);
}

const leaves = "\u001b[?7h\u001b[?25h\u001b[?1049l";

test("nothing is written while nothing changes, and a key writes only the lines that it changes", async () => {
  const home = await homeWithThree();
  const shown = screen();
  const finished = runFake(home, ["watch"], { terminalColumns: 80, ...shown });
  await shows(shown, "? help, q quit");
  const before = shown.written.length;
  shown.tick();
  shown.tick();
  expect(shown.written.length).toBe(before);
  shown.press("down");
  expect(shown.written.length).toBe(before + 1);
  expect(shown.written.at(-1)?.match(/\u001b\[2K/g)).toHaveLength(2);
  shown.press("q");
  expect((await finished).code).toBe(0);
  expect(shown.written.slice(-2)).toEqual(["<keys given back>", leaves]);
});

test("Ctrl-Z gives the screen back, and takes it again when the process goes on", async () => {
  const home = await homeWithThree();
  const shown = screen();
  const finished = runFake(home, ["watch"], { terminalColumns: 80, ...shown });
  await shows(shown, "? help, q quit");
  shown.press("ctrl-z");
  const at = shown.written.indexOf("<suspended>");
  expect(shown.written[at - 1]).toBe(leaves);
  expect(shown.written.slice(at + 1).join("")).toContain("? help, q quit");
  shown.press("q");
  expect((await finished).code).toBe(0);
});

test("a fault of ours gives the screen back before it is told", async () => {
  const home = await homeWithThree();
  const shown = screen();
  const finished = runFake(home, ["watch"], { terminalColumns: 80, ...shown });
  await shows(shown, "? help, q quit");
  shown.terminal.size = () => {
    throw new Error("no size");
  };
  shown.resize();
  const { code, stderr } = await finished;
  expect(code).toBe(1);
  expect(stderr).toContain("no size");
  expect(shown.written.slice(-2)).toEqual(["<keys given back>", leaves]);
});

test("r asks OpenAI and says how it went; what fails is told in its own words", async () => {
  const home = await homeWithThree();
  const shown = screen();
  const asked: (readonly string[])[] = [];
  const answers = [
    { code: 1, output: "#  ACCOUNT  RESULT\n1  ada  failed\n\nada: Cannot look up chatgpt.com\n" },
    { code: 0, output: "" },
  ];
  const runCaptured: Context["runCaptured"] = async (_, argv) => {
    asked.push(argv);
    return answers.shift() ?? { code: 0, output: "" };
  };
  const finished = runFake(home, ["watch"], { terminalColumns: 80, ...shown, runCaptured });
  await shows(shown, "? help, q quit");
  shown.press("r");
  await shows(shown, "ada: Cannot look up chatgpt.com");
  shown.press("r");
  await shows(shown, "Checked: every account answered.");
  expect(asked).toEqual([["check"], ["check"]]);
  shown.press("q");
  expect((await finished).code).toBe(0);
});

test("without --live nobody is asked, however long it stays open", async () => {
  const home = await homeWithThree();
  const shown = screen();
  const clock = { nowMs: Date.UTC(2026, 10, 20, 12) };
  const asked: (readonly string[])[] = [];
  const runCaptured: Context["runCaptured"] = async (_, argv) => {
    asked.push(argv);
    return { code: 0, output: "" };
  };
  const now = () => clock.nowMs;
  const finished = runFake(home, ["watch"], { terminalColumns: 80, ...shown, runCaptured, now });
  await shows(shown, "? help, q quit");
  for (let day = 0; day < 3; day += 1) {
    shown.tick();
    clock.nowMs += 86_400_000;
  }
  shown.press("q");
  expect((await finished).code).toBe(0);
  expect(asked).toEqual([]);
});

test("--live asks at the start and then as often as it was told", async () => {
  const home = await homeWithThree();
  const shown = screen();
  const asked: (readonly string[])[] = [];
  const clock = { nowMs: Date.UTC(2026, 10, 20, 12) };
  const runCaptured: Context["runCaptured"] = async (_, argv) => {
    asked.push(argv);
    return { code: 0, output: "" };
  };
  const now = () => clock.nowMs;
  const finished = runFake(home, ["watch", "--live", "10"], {
    terminalColumns: 80,
    ...shown,
    runCaptured,
    now,
  });
  await shows(shown, "? help, q quit");
  const after = async (minutes: number, times: number) => {
    clock.nowMs += minutes * 60_000;
    // Until its answer has been shown no other is asked for.
    await expect.poll(() => (shown.tick(), asked.length)).toBe(times);
  };
  await after(0, 1);
  await after(9, 1);
  await after(1, 2);
  shown.press("q");
  expect((await finished).code).toBe(0);
  expect(asked).toEqual([["check"], ["check"]]);
});

test.each(["0", "x", "-1", "1441", "1.5"])("--live %s is refused", async (minutes) => {
  const home = await homeWithThree();
  const { code, stderr } = await runFake(home, ["watch", `--live=${minutes}`]);
  expect([code, stderr]).toEqual([1, expect.stringContaining("codex auth watch --live 10")]);
});

test("a running Codex is shown with the account with which it started, also after a switch", async () => {
  const home = await homeWithThree();
  const shown = screen();
  const writtenMs = statSync(home.file("auth.json")).mtimeMs;
  const started = (afterMs: number) => new Date(writtenMs + afterMs).toISOString();
  const processes = () => [
    { pid: 41, kind: "session" as const, startedAt: started(-5_000) },
    { pid: 42, kind: "session" as const, startedAt: started(5_000) },
  ];
  const finished = runFake(home, ["watch"], { terminalColumns: 100, ...shown, processes });
  await shows(shown, "Running Codex: session 41, session 42 with ada@personal.example (plus, row 1).");
  await home.run(["switch", "2"]);
  await shows(shown, "* 2 ");
  expect(shown.written.join("")).not.toContain("session 42 with dev");
  shown.press("q");
  expect((await finished).code).toBe(0);
});

test("the view itself makes names fit for a terminal", async () => {
  const home = new TestHome();
  home.writeLogins({ a: { email: "evil\u001b[2J\u202e@x.example" } });
  await runFake(home, ["import", "logins"]);
  const shown = screen();
  const finished = runFake(home, ["watch"], { terminalColumns: 80, ...shown });
  await shows(shown, "? help, q quit");
  expect(shown.written.join("")).toContain("evil\\u001b[2J\\u202e@x.example");
  expect(shown.written.join("")).not.toContain("\u202e");
  shown.press("q");
  expect((await finished).code).toBe(0);
});
