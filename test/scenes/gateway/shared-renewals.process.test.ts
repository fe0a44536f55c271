import { expect, test } from "vitest";
import { backEnds } from "../../support/database-backends.ts";
import { renewalRounds } from "../../support/renewal-rounds.ts";

const postgres = backEnds().find(({ name }) => name === "PostgreSQL");

// `npm run soak` does it for longer, with real gateways and a database that crashes.
test.skipIf(!postgres)(
  "three machines that renew the same logins, killed at every step, send no token twice and lose none",
  async () => {
    const address = postgres?.address() ?? "";
    const wish = { address, renewals: 60, machines: 3, accounts: 12, killed: 0.1, longestMs: 150_000 };
    const { renewals, reuses, lost, kills } = await renewalRounds(wish);
    expect([reuses, lost]).toEqual([0, 0]);
    expect(renewals).toBeGreaterThan(10);
    expect(Object.keys(kills).length).toBeGreaterThan(0);
  },
  240_000,
);
