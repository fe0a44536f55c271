import * as nodeFs from "node:fs";
import { join } from "node:path";
import { readAuthDocument } from "../../src/codex/auth-json.ts";
import { adopt } from "../../src/pool/adopt.ts";
import { restoreBackup } from "../../src/store/backups/restore.ts";
import type { Transaction, Store } from "../../src/store/store.ts";
import {
  activeLabel,
  type Home,
  homeWith,
  liveLabel,
  makeHome,
  poolOf,
  seat,
  writeAuth,
} from "./store-home.ts";

/** What can be done to a store whose pool holds a, b and c, with a live. */
export interface StoreChange {
  name: string;
  arrange?: (home: Home) => void;
  act: (store: Store) => Promise<unknown>;
  /** What is in the pool and in auth.json before and after, as `stateOf` tells it. */
  before: string;
  after: string;
}

/** The accounts, the active one and the login in auth.json, in one line. */
export function stateOf(home: Home): string {
  const labels = poolOf(home).accounts.map(({ label, login }) => label ?? login.email);
  return `${labels.join(" ")}; active ${activeLabel(home)}; live ${liveLabel(home)}`;
}

export function accountOf(transaction: Transaction, label: string) {
  const found = transaction.pool.accounts.find((each) => each.label === label);
  if (!found) throw new Error(`There is no ${label}.`);
  return found;
}

export function loginOf(document: Record<string, unknown>) {
  const reading = readAuthDocument(document);
  if (reading.kind !== "login") throw new Error("This is no login.");
  return reading.login;
}

const start = "label-a label-b label-c; active label-a; live label-a";

export const storeChanges: StoreChange[] = [
  {
    name: "switch",
    act: (store) =>
      store.transaction("switch", (transaction) => transaction.activate(accountOf(transaction, "label-b"))),
    before: start,
    after: "label-a label-b label-c; active label-b; live label-b",
  },
  {
    name: "import",
    act: (store) =>
      store.transaction(
        "import",
        ({ pool }) => adopt(pool, loginOf(seat("d")), { nowMs: 0, tie: "pool" }).outcome === "added",
      ),
    before: start,
    after: "label-a label-b label-c d@example.com; active label-a; live label-a",
  },
  {
    name: "remove",
    act: (store) =>
      store.transaction("remove", (transaction) => {
        transaction.backUp();
        transaction.pool.accounts = transaction.pool.accounts.filter(({ label }) => label !== "label-c");
      }),
    before: start,
    after: "label-a label-b; active label-a; live label-a",
  },
  {
    name: "remove --force",
    act: (store) =>
      store.transaction("remove", (transaction) => {
        transaction.backUp();
        transaction.deactivate();
        transaction.pool.accounts = transaction.pool.accounts.filter(({ label }) => label !== "label-a");
      }),
    before: start,
    after: "label-b label-c; active null; live null",
  },
  {
    name: "label",
    act: (store) =>
      store.transaction("label", (transaction) => {
        accountOf(transaction, "label-c").label = "new";
      }),
    before: start,
    after: "label-a label-b new; active label-a; live label-a",
  },
  {
    name: "switch from a login that Codex has renewed",
    arrange: (home) =>
      writeAuth(home, seat("a", { issuedAt: Math.floor(Date.now() / 1000) + 60, refreshToken: "rt_new" })),
    act: (store) =>
      store.transaction("switch", (transaction) => transaction.activate(accountOf(transaction, "label-b"))),
    before: start,
    after: "label-a label-b label-c; active label-b; live label-b",
  },
  {
    name: "switch from a login that Codex is about to renew",
    arrange: (home) => {
      const ended = {
        issuedAt: Math.floor(Date.now() / 1000) + 60,
        expiresInSec: 240,
        refreshToken: "rt_new",
      };
      writeAuth(home, seat("a", ended));
    },
    act: (store) =>
      store.transaction("switch", (transaction) => transaction.activate(accountOf(transaction, "label-b"))),
    before: start,
    after: "label-a label-b label-c; active label-b; live label-b",
  },
  {
    name: "switch without an auth.json",
    arrange: (home) => nodeFs.unlinkSync(home.paths.authFile),
    act: (store) =>
      store.transaction("switch", (transaction) => transaction.activate(accountOf(transaction, "label-b"))),
    before: "label-a label-b label-c; active label-a; live null",
    after: "label-a label-b label-c; active label-b; live label-b",
  },
  {
    name: "backup restore",
    arrange: ({ paths }) => {
      const text = nodeFs.readFileSync(paths.poolFile, "utf8");
      nodeFs.mkdirSync(paths.backupsDir, { mode: 0o700 });
      const older = text.replace('"label":"label-c"', '"label":"old"');
      nodeFs.writeFileSync(join(paths.backupsDir, "pool-20200101T000000000Z-r1.json"), older);
    },
    act: async (store) => {
      const [backup] = store.backups();
      if (backup) await restoreBackup(store, backup, Date.now());
    },
    before: start,
    after: "label-a label-b old; active label-a; live label-a",
  },
];

/** Makes homes for one change, each a copy of the first. */
export async function arrangeHomes({ arrange }: StoreChange): Promise<() => Home> {
  const template = await homeWith(["a", "b", "c"]);
  return () => {
    const home = makeHome();
    nodeFs.cpSync(template.dir, home.dir, { recursive: true, preserveTimestamps: true });
    arrange?.(home);
    return home;
  };
}
