import { describe, expect, test } from "vitest";
import type { Database } from "../../../src/database/database.ts";
import {
  createKey,
  findKey,
  keyOfSecret,
  keysRevision,
  listKeys,
  type NewKey,
  revokeKey,
  rotateKey,
  whyClosed,
} from "../../../src/gateway/keys/client-keys.ts";
import { editKey } from "../../../src/gateway/keys/edit-key.ts";
import { newSecret } from "../../../src/gateway/keys/key-secret.ts";
import { backEndOfRun, backEnds } from "../../support/database-backends.ts";
import { openTestDatabase } from "../../support/databases.ts";

const wanted: NewKey = {
  name: "ci",
  role: "client",
  policy: { models: ["gpt-6-sol"], limits: [{ kind: "requests", window: "day", max: 5 }] },
  expiresMs: null,
};

describe.each(backEnds(backEndOfRun))("$name", (backEnd) => {
  async function opened(work: (database: Database) => Promise<void>): Promise<void> {
    const database = await openTestDatabase(backEnd.address());
    try {
      await work(database);
    } finally {
      await database.close();
    }
  }

  test("a key is found by its secret, its name and its id, and its secret is stored nowhere", async () => {
    await opened(async (database) => {
      const { key, secret } = await createKey(database, wanted, "cli");
      expect(await keyOfSecret(database, secret)).toEqual(key);
      expect(await findKey(database, "ci")).toEqual(key);
      expect(await findKey(database, key.id)).toEqual(key);
      expect(await keyOfSecret(database, newSecret())).toBeNull();
      const tables = ["api_keys", "audit", "store_info", "documents"];
      const rows = await Promise.all(tables.map((table) => database.query(`select * from ${table}`)));
      expect(JSON.stringify(rows)).not.toContain(secret.slice(12));
    });
  });

  test("every change is in the audit and in the revision", async () => {
    await opened(async (database) => {
      const { key } = await createKey(database, wanted, "cli");
      const renamed = await editKey(
        database,
        key,
        () => ({ name: "build", policy: { limits: [] } }),
        "key_admin",
      );
      await rotateKey(database, renamed, "cli");
      await revokeKey(database, renamed, "cli");
      const rows = await database.query(`select actor, action, target from audit order by at_ms, id`);
      expect(rows.map((row) => row["action"]).toSorted()).toEqual([
        "key.create",
        "key.edit",
        "key.revoke",
        "key.rotate",
      ]);
      expect(new Set(rows.map((row) => row["target"]))).toEqual(new Set([key.id]));
      expect(await keysRevision(database)).toBe(4);
    });
  });

  test("a rotated secret opens nothing, the new one does, and a revoked key cannot be rotated", async () => {
    await opened(async (database) => {
      const made = await createKey(database, wanted, "cli");
      const again = await rotateKey(database, made.key, "cli");
      expect(await keyOfSecret(database, made.secret)).toBeNull();
      expect((await keyOfSecret(database, again.secret))?.id).toBe(made.key.id);
      const gone = await revokeKey(database, again.key, "cli");
      expect(whyClosed(gone, database.now())).toBe("revoked");
      await expect(rotateKey(database, gone, "cli")).rejects.toMatchObject({ code: "key_revoked" });
    });
  });

  test("a key is closed from the moment at which it expires", async () => {
    await opened(async (database) => {
      const { key } = await createKey(database, { ...wanted, expiresMs: 1_000 }, "cli");
      expect([999, 1_000].map((ms) => whyClosed(key, ms))).toEqual([null, "expired"]);
    });
  });

  test("changes of one key at the same time are all made, and a name is taken once", async () => {
    const address = backEnd.address();
    const [one, other] = [await openTestDatabase(address), await openTestDatabase(address)];
    try {
      const { key } = await createKey(one, wanted, "cli");
      const limits = wanted.policy.limits;
      await Promise.all([
        editKey(one, key, ({ policy }) => ({ policy: { ...policy, models: ["m"] } }), "cli"),
        editKey(other, key, ({ policy }) => ({ policy: { ...policy, parallel: 3 } }), "cli"),
        editKey(one, key, () => ({ expiresMs: 5_000 }), "cli"),
        editKey(other, key, () => ({ name: "new" }), "cli"),
      ]);
      const policy = { models: ["m"], parallel: 3, limits };
      expect(await findKey(one, key.id)).toEqual({ ...key, name: "new", expiresMs: 5_000, policy });
      const made = await Promise.allSettled(
        [one, other, one, other].map((database) => createKey(database, { ...wanted, name: "same" }, "cli")),
      );
      expect(made.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    } finally {
      await Promise.all([one.close(), other.close()]);
    }
  });

  test("an id names its key, also where another key is called like it", async () => {
    await opened(async (database) => {
      const { key } = await createKey(database, { ...wanted, name: "z" }, "cli");
      const { key: double } = await createKey(database, { ...wanted, name: key.id }, "cli");
      expect((await findKey(database, key.id)).name).toBe("z");
      expect((await findKey(database, double.id)).name).toBe(key.id);
    });
  });

  test("a name is taken once, and an unknown name is answered with those that there are", async () => {
    await opened(async (database) => {
      await expect(findKey(database, "ci")).rejects.toMatchObject({ code: "key_not_found" });
      const { key } = await createKey(database, wanted, "cli");
      await createKey(database, { ...wanted, name: "other" }, "cli");
      await expect(createKey(database, wanted, "cli")).rejects.toMatchObject({ code: "key_name_taken" });
      await expect(editKey(database, key, () => ({ name: "other" }), "cli")).rejects.toMatchObject({
        code: "key_name_taken",
      });
      await expect(findKey(database, "cj")).rejects.toMatchObject({ hint: "The keys are: ci, other" });
      expect((await listKeys(database)).map(({ name }) => name)).toEqual(["ci", "other"]);
    });
  });
});
