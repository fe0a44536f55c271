import { commands } from "../src/commands/index.ts";
import type { Output } from "../src/context.ts";
import { makeContext } from "../src/process/real-context.ts";
import { copyDemoHome, removeDemoHome } from "../src/store/homes/demo-home.ts";
import { displayWidth } from "../src/text/width.ts";

const columns = 80;
const letter = { width: 8.4, height: 20 };
const margin = 20;

/** docs/forecast.svg: what `codex auth forecast` prints for the accounts of the demo, on a light or a dark ground. */
export async function forecastPicture(packageRoot: string): Promise<string> {
  return drawLines("codex auth forecast", await forecastLines(packageRoot));
}

/** What a command printed on a terminal of 80 columns, with its colours, as SVG. */
export function drawLines(command: string, printed: readonly string[]): string {
  const lines = [`\u001b[36m$ ${command}\u001b[39m`, "", ...printed];
  const width = columns * letter.width + 2 * margin;
  const height = lines.length * letter.height + 2 * margin;
  const plain = lines.map((line) => line.replaceAll(/\u001b\[[\d;]*m/g, "")).join("\n");
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(plain)}</title>`,
    `<style>${style}</style>`,
    `<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>`,
    ...lines.flatMap((line, index) => textOf(line, margin + (index + 0.75) * letter.height)),
    "</svg>",
    "",
  ].join("\n");
}

async function forecastLines(packageRoot: string): Promise<string[]> {
  const home = copyDemoHome(packageRoot, Date.now());
  const env = {
    PATH: "",
    LANG: "C.UTF-8",
    CODEX_AUTH_INVOKED_AS: "codex auth",
    HOME: home,
    CODEX_HOME: home,
  };
  const silent: Output = { write: () => undefined, isTerminal: true, columns, colorLevel: 1 };
  const place = { env, cwd: home };
  const ctx = makeContext(place, { stdout: silent, stderr: silent }, { packageRoot, commands });
  try {
    for (const line of ["import logins", "label dev@team.example work"])
      await ctx.runCaptured(place, line.split(" "), silent);
    const { output } = await ctx.runCaptured(place, ["forecast"], silent);
    return output.trimEnd().split("\n");
  } finally {
    removeDemoHome(home);
  }
}

const style = [
  "text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;white-space:pre;fill:#1f2328}",
  "rect{fill:#f6f8fa;stroke:#d1d9e0}.bold{font-weight:700}.dim{fill:#59636e}",
  ".red{fill:#cf222e}.green{fill:#116329}.yellow{fill:#7d4e00}.cyan{fill:#1b6f8a}",
  "@media (prefers-color-scheme:dark){text{fill:#e6edf3}rect{fill:#0d1117;stroke:#3d444d}.dim{fill:#9198a1}",
  ".red{fill:#ff7b72}.green{fill:#56d364}.yellow{fill:#e3b341}.cyan{fill:#56d4dd}}",
].join("");

const kinds: Readonly<Record<string, string>> = {
  1: "bold",
  2: "dim",
  31: "red",
  32: "green",
  33: "yellow",
  36: "cyan",
};

/** Every run of one style has its place and width, so that columns stand below each other in any font. */
function textOf(line: string, y: number): string[] {
  const texts: string[] = [];
  let column = 0;
  let classes: string[] = [];
  for (const part of line.split(/(\u001b\[[\d;]*m)/)) {
    const codes = /^\u001b\[([\d;]*)m$/.exec(part)?.[1]?.split(";");
    if (codes !== undefined) {
      for (const code of codes) {
        const kind = kinds[code];
        const isWeight = (each: string) => each === "bold" || each === "dim";
        if (kind !== undefined) classes = classes.concat(kind);
        else if (code === "22") classes = classes.filter((each) => !isWeight(each));
        else if (code === "39") classes = classes.filter(isWeight);
        else if (code === "0" || code === "") classes = [];
      }
      continue;
    }
    for (const word of part.split(/( {2,})/)) {
      const width = displayWidth(word);
      if (word.trim() !== "")
        texts.push(textElement(word, { x: margin + column * letter.width, y, width, classes }));
      column += width;
    }
  }
  return texts;
}

function textElement(
  word: string,
  { x, y, width, classes }: { x: number; y: number; width: number; classes: readonly string[] },
): string {
  const kind = classes.length > 0 ? ` class="${classes.join(" ")}"` : "";
  const length = (width * letter.width).toFixed(1);
  return `<text x="${x.toFixed(1)}" y="${y}" textLength="${length}" lengthAdjust="spacingAndGlyphs" xml:space="preserve"${kind}>${escaped(word)}</text>`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
