import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { FaultHome } from "../support/fault-home.ts";

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
