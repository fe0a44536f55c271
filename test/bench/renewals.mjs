// Three processes, each a machine of its own, renew the same logins of a PostgreSQL database and kill themselves before any
// of the calls of a renewal: each statement, each commit, each write to the disk; or the command that wanted the token is
// gone there. An issuer whose refresh tokens work once counts every second use, and the logins in the database are compared
// with its books. It ends with 1 where anything is wrong, or too little happened.
// Usage: npm run renewals [renewals, 500] [seconds at most, 300]
import { load } from "../../.ci/load.mjs";

const renewals = Number(process.argv[2] ?? 500);
const longestMs = Number(process.argv[3] ?? 300) * 1000;
const { startPostgres } = await load("test/support/postgres.ts");
const { renewalRounds } = await load("test/support/renewal-rounds.ts");
const postgres = await startPostgres();
const from = performance.now();
const wish = {
  address: postgres.freshDatabase(),
  renewals,
  machines: 3,
  accounts: 60,
  killed: 0.1,
  longestMs,
};
const { renewals: made, reuses, lost, kills, said } = await renewalRounds(wish);
postgres.stop();
const killed = Object.entries(kills).map(([name, count]) => `${name} ${count}`);
console.log(
  `renewals ${made} in ${((performance.now() - from) / 1000).toFixed(0)} s, tokens sent twice ${reuses}, logins lost ${lost}`,
);
console.log(killed.join(", ") || "none killed");
console.log(
  Object.entries(said)
    .map(([name, count]) => `${count} × ${name}`)
    .join("\n"),
);
process.exit(reuses + lost === 0 && made > 0 && killed.length > 0 ? 0 : 1);
