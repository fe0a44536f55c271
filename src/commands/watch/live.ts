import type { Context, KeyTerminal, Output } from "../../context.ts";
import { asInvoked } from "../../program/invocation.ts";
import { uiFor } from "../../program/refuse.ts";
import { safeText } from "../../text/safe-text.ts";
import type { Ui } from "../../ui/ui.ts";
import { type Figures, type Holders, readFiguresToWatch } from "./figures.ts";
import { firstState, pressed, type ViewState } from "./keys.ts";
import { screenLines } from "./screen.ts";

const tickMs = 1_000;
/** Session logs and processes tell nobody that they changed; the store does. */
const readAgainMs = 15_000;
/** Reading many logs rests the longer: half a percent of a core at most. */
const restFactor = 200;

const enterScreen = "\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[2J";
const leaveScreen = "\u001b[?7h\u001b[?25h\u001b[?1049l";

/** Shows the pool until the person leaves or the process is asked to end; returns the last figures. */
export async function watchLive(
  ctx: Context,
  terminal: KeyTerminal,
  askEachMs: number | null,
): Promise<Figures> {
  const holders: Holders = new Map();
  const first = await readFiguresToWatch(ctx, holders);
  const ui = await uiFor(ctx, ctx.stdout);
  const view = new LiveView(ctx, terminal, { ui, first, holders, askEachMs });
  return await view.run();
}

interface Start {
  ui: Ui;
  first: Figures;
  holders: Holders;
  askEachMs: number | null;
}

class LiveView {
  readonly #ctx: Context;
  readonly #terminal: KeyTerminal;
  readonly #ui: Ui;
  readonly #holders: Holders;
  /** How often OpenAI is asked; null: never. */
  readonly #askEachMs: number | null;
  #askedAtMs = 0;
  #figures: Figures;
  #readAtMs: number;
  #restMs = readAgainMs;
  #state: ViewState = firstState;
  /** The lines on the screen. */
  #drawn: readonly string[] = [];
  #isReading = false;
  #isStale = false;
  #hasEnded = false;
  #running: Promise<void> = Promise.resolve();
  #cancelTick: () => void = () => undefined;
  #fail: (error: unknown) => void = () => undefined;

  constructor(ctx: Context, terminal: KeyTerminal, { ui, first, holders, askEachMs }: Start) {
    // Nothing else may write to the screen.
    this.#ctx = { ...ctx, stderr: quiet(ctx.stderr) };
    this.#terminal = terminal;
    this.#ui = ui;
    this.#holders = holders;
    this.#askEachMs = askEachMs;
    this.#figures = first;
    this.#readAtMs = ctx.now();
  }

  async run(): Promise<Figures> {
    const { store, onStopSignal } = this.#ctx;
    const ends: (() => void)[] = [];
    try {
      await new Promise<void>((resolve, reject) => {
        this.#fail = reject;
        ends.push(onStopSignal(() => resolve()));
        ends.push(() => this.#terminal.write(leaveScreen));
        this.#terminal.write(enterScreen);
        const onKey = this.#safely((key: string) => this.#press(key, resolve));
        const onResize = this.#safely(() => this.#drawAll());
        const onLeave = () => this.#terminal.write(leaveScreen);
        const onReturn = this.#safely(() => this.#return());
        ends.push(this.#terminal.listen({ onKey, onResize, onLeave, onReturn }));
        ends.push(store.watch({ pollMs: tickMs, onChange: this.#safely(() => this.#read()) }));
        this.#draw();
        this.#tick();
      });
    } finally {
      this.#hasEnded = true;
      this.#cancelTick();
      for (const end of ends.reverse()) end();
    }
    // A switch that has begun is not left half done.
    await this.#running;
    return this.#figures;
  }

  /** An error in a callback ends the view, which gives the screen back. */
  #safely<Args extends unknown[]>(work: (...args: Args) => void): (...args: Args) => void {
    return (...args) => {
      try {
        if (!this.#hasEnded) work(...args);
      } catch (error) {
        this.#fail(error);
      }
    };
  }

  #tick(): void {
    this.#cancelTick = this.#ctx.schedule(
      tickMs,
      this.#safely(() => {
        const nowMs = this.#ctx.now();
        if (nowMs - this.#readAtMs >= this.#restMs) this.#read();
        const isDue = this.#askEachMs !== null && nowMs - this.#askedAtMs >= this.#askEachMs;
        if (isDue && !this.#state.isBusy) this.#ask(nowMs);
        this.#draw();
        this.#tick();
      }),
    );
  }

  /** As `r` does. */
  #ask(nowMs: number): void {
    this.#askedAtMs = nowMs;
    this.#state = { ...this.#state, isBusy: true };
    this.#running = this.#run(["check"]).catch(this.#fail);
  }

  /** Once at a time; what changes meanwhile is read after it. */
  #read(): void {
    this.#isStale = true;
    if (!this.#isReading) void this.#readUntilFresh().catch(this.#fail);
  }

  async #readUntilFresh(): Promise<void> {
    this.#isReading = true;
    try {
      while (this.#isStale) {
        this.#isStale = false;
        const startedMs = this.#ctx.now();
        this.#figures = await readFiguresToWatch(this.#ctx, this.#holders);
        this.#readAtMs = this.#ctx.now();
        this.#restMs = Math.max(readAgainMs, restFactor * (this.#readAtMs - startedMs));
      }
    } finally {
      this.#isReading = false;
    }
    if (!this.#hasEnded) this.#draw();
  }

  #press(key: string, quit: () => void): void {
    const { state, action } = pressed(this.#state, key, this.#figures.accounts);
    this.#state = state;
    switch (action.kind) {
      case "quit":
        return quit();
      case "suspend":
        return this.#terminal.suspend();
      case "run":
        this.#running = this.#run(action.argv).catch(this.#fail);
        break;
      case "none":
        break;
    }
    this.#draw();
  }

  /** The same command that a person would type, with all its care. */
  async #run(argv: readonly string[]): Promise<void> {
    const { runCaptured, env, cwd, stderr } = this.#ctx;
    const { code, output } = await runCaptured({ env, cwd }, argv, stderr);
    const isChecked = argv[0] === "check" && code === 0;
    const message = isChecked ? ["Checked: every account answered."] : told(output);
    this.#state = { ...this.#state, isBusy: false, message };
    if (!this.#hasEnded) this.#read();
  }

  #return(): void {
    this.#terminal.write(enterScreen);
    this.#read();
    this.#drawAll();
  }

  #drawAll(): void {
    this.#drawn = [];
    this.#terminal.write("\u001b[2J");
    this.#draw();
  }

  /** Writes the lines that are other than before. */
  #draw(): void {
    const { columns, rows } = this.#terminal.size();
    const ui = { ...this.#ui, columns, nowMs: this.#ctx.now() };
    const lines = screenLines(this.#figures, this.#state, ui, rows).map((line) => asInvoked(this.#ctx, line));
    const before = this.#drawn;
    const height = Math.max(lines.length, before.length);
    let text = "";
    for (let row = 0; row < height; row += 1) {
      const line = lines[row] ?? "";
      if (line !== (before[row] ?? "")) text += `\u001b[${row + 1};1H\u001b[2K${line}`;
    }
    if (text !== "") this.#terminal.write(text);
    this.#drawn = lines;
  }
}

const mostLines = 4;

/** Of a table with paragraphs below it, the paragraphs. */
function told(output: string): string[] {
  const [text = "", ...paragraphs] = output.trim().split("\n\n");
  const lines = (paragraphs.length > 0 ? paragraphs.join("\n") : text).split("\n");
  return lines.map((line) => safeText(line).trim()).slice(0, mostLines);
}

function quiet(output: Output): Output {
  return { ...output, write: () => undefined, isTerminal: false, colorLevel: 0 };
}
