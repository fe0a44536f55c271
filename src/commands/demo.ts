import type { Context } from "../context.ts";
import { defineCommand, type Zod } from "../program/command.ts";
import { copyDemoHome, removeDemoHome } from "../store/homes/demo-home.ts";

const schema = (z: Zod) =>
  z.object({
    home: z.string().describe("the temporary CODEX_HOME, removed again"),
    steps: z.array(z.object({ argv: z.array(z.string()), exitCode: z.int().nullable(), output: z.string() })),
  });

const steps = [
  ["import", "logins"],
  ["list"],
  ["label", "dev@team.example", "work"],
  ["switch", "work"],
  ["status"],
  ["switch", "-"],
  ["forecast"],
  ["switch", "--auto"],
  ["list"],
];

export default defineCommand({
  examples: [["codex auth demo", "try it; nothing of yours is touched"]],
  schema,
  async run(ctx: Context) {
    const home = copyDemoHome(ctx.packageRoot, ctx.now());
    try {
      return { home, steps: await walk(ctx, home) };
    } finally {
      removeDemoHome(home);
    }
  },
  render: ({ home, steps }, ui) =>
    [
      ui.bold(`A demo on three made-up accounts, in a copy at ${home}. Your own login is not touched.`),
      ...steps.map(
        ({ argv, output }) => `\n${ui.cyan(`$ codex auth ${argv.join(" ")}`)}\n${output.trimEnd()}`,
      ),
      "",
      ui.bold("On your own machine:"),
      "  codex auth import              take in the login that Codex has now",
      "  codex auth import <file…>      and others, from auth.json files",
      "  codex auth login               sign in to another one; the login in use stays",
      "  codex auth list                see them",
      "  codex auth switch <account>    make one active",
      "  codex auth forecast            see what is left, and which to use next",
      "  codex auth doctor              find problems; codex auth fix fixes them",
      "  codex auth report --out report.html   all of it with charts",
    ].join("\n"),
  isPainted: true,
  exitCode: ({ steps }) => (steps.every(({ exitCode }) => exitCode === 0) ? 0 : 1),
});

/** Variables that would lead out of the demo. */
const personal = ["CODEX_AUTH_DIR", "CODEX_AUTH_ACCOUNT", "CODEX_API_KEY", "CODEX_ACCESS_TOKEN"];

async function walk(ctx: Context, home: string) {
  const hidden = Object.fromEntries(personal.map((name) => [name, undefined]));
  const env = { ...ctx.env, ...hidden, HOME: home, CODEX_HOME: home };
  const done = [];
  for (const argv of steps) {
    // `logins` lies in the demo home, wherever the person stands.
    const words = argv.map((word) => (word === "logins" ? `${home}/logins` : word));
    const { code, output } = await ctx.runCaptured({ env, cwd: home }, words, ctx.stdout);
    done.push({ argv, exitCode: code, output });
  }
  return done;
}
