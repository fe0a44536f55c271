import { chmodSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { FaultHome } from "../../support/fault-home.ts";

interface Fixed {
  changes: { id: string; message: string; isApplied: boolean }[];
  findings: { id: string }[];
}

interface Entry {
  id: string;
  label: string;
  pausedAt: unknown;
}

/** Changes the entries of the pool by hand. */
function rewritePool(home: FaultHome, change: (accounts: Entry[]) => Entry[]): void {
  const file = home.home.file("codex-auth/pool.json");
  const pool = JSON.parse(readFileSync(file, "utf8")) as { accounts: Entry[] };
  writeFileSync(file, JSON.stringify({ ...pool, accounts: change(pool.accounts) }));
}

async function fix(home: FaultHome, more = ""): Promise<Fixed> {
  return (await home.run(`fix${more}`)).document as Fixed;
}

// One mend took back all entries, and the list then told of the others without their names.
test("each of several entries that cannot be read is listed by its name, and comes back", async () => {
  const home = new FaultHome("healthy");
  rewritePool(home, (accounts) => accounts.map((entry) => ({ ...entry, pausedAt: 5 })));
  const planned = (await fix(home, " --dry-run")).changes.map(({ message }) => message);
  const { changes } = await fix(home);
  expect(planned.slice(0, 2)).toEqual([expect.stringContaining("home"), expect.stringContaining("work")]);
  expect(changes.map(({ message }) => message)).toEqual(planned.slice(0, 2));
  const { document } = await home.run("list");
  expect(document).toMatchObject({ accounts: [{ label: "home" }, { label: "work" }] });
  expect((await fix(home)).changes).toEqual([]);
});

test("each of two duplicates is merged by a mend of its own", async () => {
  const home = new FaultHome("healthy");
  rewritePool(home, (accounts) => [
    ...accounts,
    ...accounts.map((entry) => ({ ...entry, id: entry.id.replace(/^../, "ff"), label: `${entry.label}-2` })),
  ]);
  const planned = (await fix(home, " --dry-run")).changes.map(({ message }) => message);
  const { changes } = await fix(home);
  expect(planned).toHaveLength(2);
  expect(changes.map(({ message }) => message)).toEqual(planned);
  expect((await fix(home)).changes).toEqual([]);
});

test("ten faults at once are mended in one run, and config.toml can be taken back", async () => {
  const home = new FaultHome("healthy");
  const config = [
    "model = “gpt-5.2-codex”",
    'sandbox_mode = "workspace_write"',
    "model_reasoning_effort = 5",
    'model_provider = "lab"',
    '[model_providers.lab]\nbase_url = "https://lab.example/v1"\nwire_api = "chat"\n',
  ].join("\n");
  home.home.write("config.toml", config);
  home.home.write("auth.json", home.home.read("auth.json").slice(0, 700));
  home.home.write("codex-auth/pool.json", home.home.read("codex-auth/pool.json").slice(0, -30));
  mkdirSync(home.home.file("auth.lock"));
  utimesSync(home.home.file("auth.lock"), 0, 0);
  for (const path of ["auth.json", "config.toml", "codex-auth"]) chmodSync(home.home.file(path), 0o777);
  const first = (await home.run("fix")).document as Fixed & { changes: { undo: string }[] };
  expect(first.changes.map(({ id, isApplied }) => [id, isApplied])).toEqual(
    [
      "pool_unreadable",
      "auth_lock_blocked",
      "auth_file_open",
      "auth_file_unreadable",
      "config_file_open",
      "config_typo",
      "config_value_invalid",
      "sandbox_mode_invalid",
      "wire_api_retired",
      "provider_nameless",
    ].map((id) => [id, true]),
  );
  expect(first.findings.map(({ id }) => id)).toEqual(["files_kept_aside", "provider_without_login"]);
  expect((await fix(home)).changes).toEqual([]);
  await home.run((first.changes[0]?.undo ?? "").replace("codex auth ", ""));
  expect(home.home.read("config.toml")).toBe(config);
  expect((await home.run("list")).document).toMatchObject({
    accounts: [{ label: "home" }, { label: "work" }],
  });
});
