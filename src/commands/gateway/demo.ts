import type { Context } from "../../context.ts";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { demoModels, startDemoBackend } from "../../gateway/demo-backend.ts";
import { copyDemoHome, removeDemoHome } from "../../store/homes/demo-home.ts";
import { field, parseJson, readList, textField } from "../../text/json.ts";
import { blank, noWords, type Report } from "./document.ts";

type Step = Report["steps"][number];

/** Variables that would lead out of the demo. */
const personal = [
  "CODEX_AUTH_DIR",
  "CODEX_AUTH_ACCOUNT",
  "CODEX_AUTH_DATABASE",
  "CODEX_API_KEY",
  "CODEX_ACCESS_TOKEN",
];
const [model] = demoModels;
const dearModel = demoModels[1];
/** Longer than a gateway takes to see a changed key, and to write its log. */
const noticedMs = 600;
const restMs = 50;
const patienceMs = 20_000;

/** Real commands and real requests, on a pool, a database and an OpenAI that are made up for it and gone afterwards. */
export async function demo(ctx: Context, words: readonly string[]): Promise<Report> {
  noWords(words, "demo");
  const home = copyDemoHome(ctx.packageRoot, ctx.now());
  const backend = await startDemoBackend();
  try {
    const steps = await new Walk(ctx, home, backend.origin).all();
    const message = `The gateway on made-up accounts, in ${home}, which is gone now. No login of yours was used, nobody was asked.`;
    return { ...blank("demo"), steps, message };
  } finally {
    await backend.close();
    removeDemoHome(home);
  }
}

class Walk {
  readonly #ctx: Context;
  readonly #home: string;
  readonly #env: Context["env"];
  readonly #steps: Step[] = [];
  #url = "";

  constructor(ctx: Context, home: string, origin: string) {
    this.#ctx = ctx;
    this.#home = home;
    const hidden = Object.fromEntries(personal.map((name) => [name, undefined]));
    const made = { CODEX_AUTH_BACKEND: `${origin}/backend-api`, CODEX_AUTH_ISSUER: origin };
    this.#env = { ...ctx.env, ...hidden, ...made, HOME: home, CODEX_HOME: home };
  }

  async all(): Promise<Step[]> {
    await this.#say("Three accounts come into a pool:", ["import", "logins"]);
    const { ended } = await this.#start();
    try {
      await this.#use();
    } finally {
      await this.#say("The end:", ["gateway", "stop"]);
      await ended;
    }
    return this.#steps;
  }

  async #use(): Promise<void> {
    await this.#say("It listens, on this machine only:", ["gateway", "status"]);
    const limits = ["--limit", "requests=3/5h", "--limit", "cost=1usd/week", "--model", model];
    const made = await this.#say("A key for one program, with limits:", [
      "gateway",
      "key",
      "create",
      "ci",
      ...limits,
    ]);
    const secret = /sk-ca-\S+/.exec(made)?.[0] ?? "";
    const turn = { model, input: "Hello", stream: false };
    const chat = { model, messages: [{ role: "user", content: "Hello" }] };
    await this.#ask("The Responses API:", { path: "/responses", secret, body: turn });
    await this.#ask("Chat Completions, for the clients that know nothing newer:", {
      path: "/chat/completions",
      secret,
      body: chat,
    });
    await this.#ask("Another model than the key may use:", {
      path: "/responses",
      secret,
      body: { ...turn, model: dearModel },
    });
    await this.#ask("The last request of its limit:", { path: "/responses", secret, body: turn });
    await this.#ask("One more is refused, with the time at which it may come back:", {
      path: "/responses",
      secret,
      body: turn,
    });
    await this.#ctx.sleep(noticedMs);
    await this.#say("What the key has used:", ["gateway", "usage", "ci"]);
    await this.#say("The key is taken back:", ["gateway", "key", "revoke", "ci"]);
    await this.#ctx.sleep(noticedMs);
    await this.#ask("It opens nothing any more:", { path: "/responses", secret, body: turn });
  }

  /** Resolves when it listens; the promise in it when it has ended. */
  async #start(): Promise<{ readonly ended: Promise<unknown> }> {
    const argv = ["gateway", "start"];
    const end = { output: "", isHere: false };
    const running = this.#run(argv).then(({ output }) => Object.assign(end, { output, isHere: true }));
    for (let leftMs = patienceMs; leftMs > 0 && !end.isHere; leftMs -= restMs) {
      await this.#ctx.sleep(restMs);
      const { code, output } = await this.#run(["gateway", "status", "--json"]);
      if (code !== 0) continue;
      this.#url = textField(parseJson(output), "url") ?? "";
      this.#note("The gateway begins, and would run until Ctrl-C:", { argv, exitCode: 0, output: "" });
      return { ended: running };
    }
    const [what = "", ...hints] = end.output.trim().split("\n");
    throw new CodexAuthError(
      "command_failed",
      `The gateway of the demo did not start. ${what || "It did not listen."}`,
      {
        hint: hints.join(" ") || "Try: codex auth gateway start",
      },
    );
  }

  async #say(does: string, argv: readonly string[]): Promise<string> {
    const { code, output } = await this.#run(argv);
    this.#note(does, { argv, exitCode: code, output });
    if (code === 0) return output;
    throw new CodexAuthError(
      "command_failed",
      `codex auth ${argv.join(" ")} failed in the demo: ${output.trim()}`,
    );
  }

  #run(argv: readonly string[]) {
    const inHome = argv.map((word) => (word === "logins" ? `${this.#home}/logins` : word));
    // What a step printed is shown as text.
    const plain = { ...this.#ctx.stdout, colorLevel: 0 as const };
    return this.#ctx.runCaptured({ env: this.#env, cwd: this.#home }, inHome, plain);
  }

  #note(
    does: string,
    { argv, exitCode, output }: { argv: readonly string[]; exitCode: number | null; output: string },
  ) {
    const line = `codex auth ${argv.join(" ")}`;
    this.#steps.push({ does, line, exitCode, status: null, output: output.trim() });
  }

  async #ask(
    does: string,
    { path, secret, body }: { path: string; secret: string; body: object },
  ): Promise<void> {
    const response = await this.#ctx.fetch(`${this.#url}${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    const left = response.headers.get("x-ratelimit-remaining-requests");
    const shown = [
      `${response.status} ${summaryOf(text)}`,
      ...(left === null ? [] : [`requests left: ${left}`]),
    ];
    const line = `curl -s $OPENAI_BASE_URL${path} -H "Authorization: Bearer $OPENAI_API_KEY" -d '${JSON.stringify(body)}'`;
    this.#steps.push({ does, line, exitCode: null, status: response.status, output: shown.join("\n") });
  }
}

/** The words of an answer, or the error. */
function summaryOf(text: string): string {
  const document = parseJson(text);
  const error = field(document, "error");
  if (error !== undefined) return JSON.stringify({ error });
  const [choice] = readList(field(document, "choices"));
  const [item] = readList(field(document, "output"));
  const [part] = readList(field(item, "content"));
  return textField(field(choice, "message"), "content") ?? textField(part, "text") ?? text.slice(0, 200);
}
