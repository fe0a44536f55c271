import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { copyDemoHome, removeDemoHome } from "../../src/store/homes/demo-home.ts";
import { forgeAuthJson } from "../support/forge.ts";
import { projectRoot, runProcess } from "../support/home.ts";
import { Browser, chromiumPath } from "./support/chromium.ts";

if (!chromiumPath) {
  console.error(
    "NO CHROMIUM (apt-get install chromium, or CODEX_AUTH_E2E_CHROMIUM): THE REPORT PAGE IS NOT CHECKED.",
  );
}

/** The demo's home, with an account whose token holds markup. */
async function reportHome() {
  const home = copyDemoHome(projectRoot, Date.now());
  onTestFinished(() => removeDemoHome(home));
  const email = `"><script>document.title="taken"</script><img src=http://127.0.0.1:9/x>@evil.example`;
  writeFileSync(
    join(home, "logins/evil.json"),
    JSON.stringify(forgeAuthJson({ email, accountId: "acct-evil" })),
  );
  const run = async (...args: string[]) => {
    const env = { PATH: process.env["PATH"] ?? "", HOME: home, CODEX_HOME: home, LANG: "C.UTF-8" };
    const { code, stdout, stderr } = await runProcess(join(projectRoot, "bin/codex-auth"), args, { env });
    if (code !== 0) throw new Error(stderr);
    return stdout;
  };
  await run("import", join(home, "logins"));
  return { home, run };
}

interface Report {
  accounts: { id: string; windows: { kind: string; remainingPercent: number }[] }[];
  usage: {
    days: { day: string; inputTokens: number; outputTokens: number }[];
    total: { inputTokens: number };
  };
  forecast: {
    courses: { accountId: string; kind: string }[];
    pool: { refills: { row: number; name: string }[] };
  };
}

test.skipIf(!chromiumPath)("the page shows the figures of the JSON and asks for nothing", async () => {
  const { home, run } = await reportHome();
  const report = JSON.parse(await run("report", "--since", "14", "--json")) as Report;
  const page = join(home, "report.html");
  await run("report", "--since", "14", "--out", page);
  const browser = await Browser.open(chromiumPath ?? "");
  await browser.goTo(`file://${page}`);

  const shown = await browser.evaluate(`({
    title: document.title,
    accounts: [...document.querySelectorAll("article")].map((each) => each.dataset.account),
    windows: [...document.querySelectorAll(".window")].map((each) =>
      [each.dataset.of, each.dataset.window, Number(each.dataset.remaining),
        Math.round(1000 * each.querySelector(".meter>div").offsetWidth / each.querySelector(".meter").offsetWidth) / 10]),
    days: [...document.querySelectorAll("[data-chart=usage] li")].map((each) =>
      [each.dataset.day, Number(each.dataset.tokens)]),
    fans: [...document.querySelectorAll("svg[data-chart=fan]")].map((each) => [each.dataset.account, each.dataset.kind]),
    resets: [...document.querySelectorAll("[data-table=resets] tbody th")].map((each) => each.textContent),
    marks: [...document.querySelectorAll("[data-chart=timeline] .mark")].map((each) => each.textContent),
    total: Number(document.querySelector("[data-table=accounts] tfoot td[data-tokens]").dataset.tokens),
    images: document.images.length,
    scripts: document.scripts.length,
  })`);
  const windows = report.accounts.flatMap(({ id, windows }) =>
    windows.map(({ kind, remainingPercent }) => [
      id,
      kind,
      remainingPercent,
      expect.closeTo(remainingPercent, 0),
    ]),
  );
  expect(shown).toEqual({
    title: "Codex accounts",
    accounts: report.accounts.map(({ id }) => id),
    windows,
    days: report.usage.days.map(({ day, inputTokens, outputTokens }) => [day, inputTokens + outputTokens]),
    fans: report.forecast.courses.map(({ accountId, kind }) => [accountId, kind]),
    resets: report.forecast.pool.refills.map(({ row, name }) => `${row} ${name}`),
    marks: ["2 3 4", "4", "3", "2"],
    total: report.usage.total.inputTokens,
    images: 0,
    scripts: 0,
  });
  expect(windows.length).toBe(6);

  const requests = browser.events
    .filter(({ method }) => method === "Network.requestWillBeSent")
    .map(({ params }) => (params["request"] as { url: string }).url)
    .filter((url) => !url.startsWith("data:"));
  expect(requests).toEqual([`file://${page}`]);
  const faults = browser.events.filter(({ method }) =>
    /^(Log|Runtime)\.(entryAdded|exception|console)/.test(method),
  );
  expect(faults).toEqual([]);
});

/** Words in the heads of tables that stand on more than one line. */
const brokenHeads = `[...document.querySelectorAll("thead th")].flatMap(({ firstChild }) =>
  [...firstChild.data.matchAll(/\\S+/g)].flatMap(({ 0: word, index }) => {
    const range = document.createRange();
    range.setStart(firstChild, index);
    range.setEnd(firstChild, index + word.length);
    return new Set([...range.getClientRects()].map(({ top }) => top)).size > 1 ? [word] : [];
  }))`;

/** Labels of an axis that begin where the one before has not ended. */
const touchingTicks = `[...document.querySelectorAll(".axis")].flatMap((axis) => {
  const seen = [...axis.children].filter((each) => each.offsetWidth > 0).map((each) => each.getBoundingClientRect());
  return seen.filter(({ left }, index) => index > 0 && left < seen[index - 1].right + 4).map(({ left }) => left);
})`;

/** Tables that do not fit, also those of which only the summary is open at first. */
const scrolling = `(() => {
  for (const each of document.querySelectorAll("details")) each.open = true;
  const wide = [...document.querySelectorAll(".wide")].filter((each) => each.scrollWidth > each.clientWidth);
  return wide.map((each) => [each.querySelector("table").dataset.table, each.scrollWidth, each.clientWidth]);
})()`;

test.skipIf(!chromiumPath)("the page fits a phone and a desk, light and dark", async () => {
  const { home, run } = await reportHome();
  const page = join(home, "report.html");
  await run("report", "--out", page);
  const browser = await Browser.open(chromiumPath ?? "");
  await browser.goTo(`file://${page}`);
  const backs = new Set<unknown>();
  for (const scheme of ["light", "dark"] as const) {
    for (const width of [360, 390, 1200]) {
      keep(`report-${width}-${scheme}.png`, await browser.screenshot(width, scheme));
      expect(await browser.evaluate("document.documentElement.scrollWidth")).toBe(width);
      expect([width, await browser.evaluate(brokenHeads), await browser.evaluate(touchingTicks)]).toEqual([
        width,
        [],
        [],
      ]);
      expect([width, await browser.evaluate(scrolling)]).toEqual([width, []]);
      backs.add(await browser.evaluate("getComputedStyle(document.body).backgroundColor"));
    }
  }
  expect(backs.size).toBe(2);

  // The figures of a day are there for the keyboard, and for whoever hears the page.
  const day = await browser.evaluate(`(() => {
    const bar = document.querySelector("[data-chart=usage] li>div");
    const tip = bar.querySelector(".tip");
    const before = getComputedStyle(tip).display;
    bar.focus();
    const seen = tip.getBoundingClientRect();
    return { before, after: getComputedStyle(tip).display, label: document.getElementById(bar.getAttribute("aria-labelledby"))?.textContent, text: tip.textContent,
      isInside: seen.left >= 0 && seen.right <= innerWidth && seen.height > 0 };
  })()`);
  expect(day).toMatchObject({ before: "none", after: "block", isInside: true });
  expect(day).toMatchObject({
    label: (day as { text: string }).text,
    text: expect.stringMatching(/ M tokens; .* M/),
  });
  expect(readFileSync(page, "utf8")).not.toContain("<script>document");
});

/** For a person to look at: CODEX_AUTH_E2E_SHOTS names the folder. */
function keep(name: string, png: Buffer): void {
  const folder = process.env["CODEX_AUTH_E2E_SHOTS"];
  expect(png.length).toBeGreaterThan(10_000);
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), png);
}
