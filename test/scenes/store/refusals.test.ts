import * as fs from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Home, homeWith, poolOf, run, seat } from "../../support/store-home.ts";
import { changesSince, leftovers, snapshotTree } from "../../support/tree.ts";

interface Refusal {
  when: string;
  arrange: (home: Home) => void;
  command?: string[];
  /** Of two lines each: what happened, and what to type. `HOME` stands for the folder. */
  says: [string | RegExp, string | RegExp];
}

function editPool({ paths }: Home, edit: (text: string) => string): void {
  fs.writeFileSync(paths.poolFile, edit(fs.readFileSync(paths.poolFile, "utf8")));
}

const pool = "HOME/codex-auth/pool.json";
const seeBackups =
  "Nothing was changed. See the backups: codex auth backup list. Without one, move the file away and import again.";
const keepAside =
  "To keep it aside as auth.json.broken-<time> and go on: codex auth switch <account> --replace-broken";

const refusals: Refusal[] = [
  {
    when: "auth.json is hard-linked",
    arrange: ({ paths, root }) => fs.linkSync(paths.authFile, join(root, "other")),
    says: [
      "HOME/auth.json is a hard link; Codex refuses to replace it and would lose a renewed token.",
      "Make it a file of its own: cp -p 'HOME/auth.json' 'HOME/auth.json.copy' && mv 'HOME/auth.json.copy' 'HOME/auth.json'",
    ],
  },
  {
    when: "auth.json.lock is a folder",
    arrange: ({ paths }) => fs.mkdirSync(`${paths.authFile}.lock`),
    says: [
      "HOME/auth.json.lock is a folder, so Codex can renew a token but not save it.",
      "Remove it: rmdir 'HOME/auth.json.lock'",
    ],
  },
  {
    when: "auth.lock is a folder",
    arrange: ({ paths }) => fs.mkdirSync(paths.authLock),
    says: [
      "HOME/auth.lock is a folder, so Codex can renew a token but not save it.",
      "Remove it: rmdir 'HOME/auth.lock'",
    ],
  },
  {
    when: "auth.json is torn",
    arrange: ({ paths }) => fs.truncateSync(paths.authFile, 200),
    says: ["HOME/auth.json cannot be read: it is not complete JSON.", keepAside],
  },
  {
    when: "auth.json is empty",
    arrange: ({ paths }) => fs.truncateSync(paths.authFile, 0),
    says: ["HOME/auth.json cannot be read: the file is empty.", keepAside],
  },
  {
    when: "auth.json has a field of the wrong type",
    arrange: ({ paths }) =>
      fs.writeFileSync(paths.authFile, JSON.stringify({ ...seat("a"), tokens: "none" })),
    says: ["HOME/auth.json cannot be read: tokens is not an object.", keepAside],
  },
  {
    when: "auth.json is a folder",
    arrange: ({ paths }) => {
      fs.rmSync(paths.authFile);
      fs.mkdirSync(paths.authFile);
    },
    says: [/^Cannot read HOME\/auth\.json: /, /Nothing was changed/],
  },
  {
    when: "auth.json is a loop of links",
    arrange: ({ paths, dir }) => {
      fs.rmSync(paths.authFile);
      fs.symlinkSync(join(dir, "b"), paths.authFile);
      fs.symlinkSync("auth.json", join(dir, "b"));
    },
    says: ["HOME/auth.json is a loop of symbolic links.", "Look where it points to: ls -l 'HOME/auth.json'"],
  },
  {
    when: "pool.json is truncated",
    arrange: ({ paths }) => fs.truncateSync(paths.poolFile, 300),
    says: [`${pool} cannot be read: it is not complete JSON.`, seeBackups],
  },
  {
    when: "pool.json is empty",
    arrange: ({ paths }) => fs.truncateSync(paths.poolFile, 0),
    says: [`${pool} cannot be read: it is not complete JSON.`, seeBackups],
  },
  {
    when: "pool.json has accounts of the wrong type",
    arrange: (home) =>
      editPool(home, () =>
        JSON.stringify({
          version: 1,
          revision: 1,
          activeId: null,
          activeSince: null,
          previousId: null,
          projection: null,
          accounts: {},
        }),
      ),
    says: [`${pool} cannot be read: accounts is not a list.`, seeBackups],
  },
  {
    when: "pool.json has a revision of the wrong type",
    arrange: (home) => editPool(home, (text) => text.replace('"revision":1', '"revision":"1"')),
    says: [`${pool} cannot be read: revision is not a number.`, seeBackups],
  },
  {
    when: "pool.json is of a newer version",
    arrange: (home) => editPool(home, (text) => text.replace('"version":1', '"version":99')),
    says: [
      `${pool} was written by a newer codex-auth (format 99, this one knows 1).`,
      "Update codex-auth: npm install -g codex-auth@latest",
    ],
  },
  {
    when: "pool.json is of a newer version and a backup is to be restored",
    arrange: (home) => {
      fs.mkdirSync(home.paths.backupsDir);
      fs.copyFileSync(home.paths.poolFile, join(home.paths.backupsDir, "pool-20260101T000000000Z-r1.json"));
      editPool(home, (text) => text.replace('"version":1', '"version":99'));
    },
    command: ["backup", "restore", "latest"],
    says: [/was written by a newer codex-auth/, /^Update codex-auth/],
  },
];

test.each(refusals)(
  "when $when, the command says what to do and changes nothing",
  async ({ arrange, command, says }) => {
    const home = await homeWith(["a", "b"]);
    arrange(home);
    const before = snapshotTree(home.root);
    const { code, stdout, stderr } = await run(home, command ?? ["switch", "label-b"]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    const lines = stderr.replaceAll(home.dir, "HOME").trimEnd().split("\n");
    expect(lines).toEqual(says.map((line) => (line instanceof RegExp ? expect.stringMatching(line) : line)));
    expect(changesSince(home.root, before)).toEqual([]);
    expect(leftovers(home)).toEqual([]);
  },
);

test("a blank auth.json ({}) holds nothing that could be lost, and is replaced", async () => {
  const home = await homeWith(["a", "b"]);
  fs.writeFileSync(home.paths.authFile, "{}");
  expect(await run(home, ["switch", "label-b"])).toMatchObject({ code: 0 });
});

test("a broken auth.json is kept aside when it is replaced on request", async () => {
  const home = await homeWith(["a", "b"]);
  const torn = Buffer.concat([
    fs.readFileSync(home.paths.authFile).subarray(0, 200),
    Buffer.from([0xff, 0xfe]),
  ]);
  fs.writeFileSync(home.paths.authFile, torn);
  expect(await run(home, ["switch", "label-b", "--replace-broken"])).toMatchObject({ code: 0 });
  const aside = fs.readdirSync(home.dir).find((name) => name.startsWith("auth.json.broken-"));
  expect(fs.readFileSync(join(home.dir, aside ?? ""))).toEqual(torn);
});

test("one account that cannot be read is set aside and stays in the file as it is; the others live", async () => {
  const home = await homeWith(["a", "b", "c"]);
  const odd = { id: "odd", label: 7, newKey: { deep: [1, "\u2028", 1e21] } };
  editPool(home, (text) =>
    text.replace('"accounts":[', `"accounts":[${JSON.stringify(odd)},"not even an object",`),
  );
  expect(await run(home, ["switch", "label-b"])).toMatchObject({ code: 0 });
  const document = JSON.parse(fs.readFileSync(home.paths.poolFile, "utf8")) as { accounts: unknown[] };
  expect(document.accounts).toContainEqual(odd);
  expect(document.accounts).toContain("not even an object");
  expect(poolOf(home).accounts.map(({ label }) => label)).toEqual(["label-a", "label-b", "label-c"]);
});
