import { expect, test } from "vitest";
import { withClientSettings } from "../../src/database/postgres.ts";

const env = { PGSSLMODE: "verify-full", PGSSLROOTCERT: "/etc/ca file.crt", PGSSLKEY: "" };

test.each([
  [
    "postgres://gateway@db.example/codex",
    "postgres://gateway@db.example/codex?sslmode=verify-full&sslrootcert=%2Fetc%2Fca+file.crt",
  ],
  [
    "postgres://db/codex?sslmode=disable",
    "postgres://db/codex?sslmode=disable&sslrootcert=%2Fetc%2Fca+file.crt",
  ],
  ["postgres:///codex", "postgres:///codex?sslmode=verify-full&sslrootcert=%2Fetc%2Fca+file.crt"],
  [
    "postgres://db/codex?sslmode=require",
    "postgres://db/codex?sslmode=verify-full&sslrootcert=%2Fetc%2Fca+file.crt",
  ],
  [
    "postgres://db/codex?sslmode=no-verify",
    "postgres://db/codex?sslmode=no-verify&sslrootcert=%2Fetc%2Fca+file.crt",
  ],
  ["no address", "no address"],
])("%s takes from the environment what it leaves out", (address, full) => {
  expect(withClientSettings(address, env)).toBe(full);
});
