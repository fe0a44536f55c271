// What a person waits for, in one run: commands as a multiple of `node -e 0`, and the rotation proxy beside a bare
// forwarder of node:http. Everything takes turns, in an empty environment (with NODE_EXTRA_CA_CERTS, for example, the
// empty program takes three times as long), and medians of the ratios of neighbours are told. Beside each stands the
// noise of the machine: the same thing against itself. Machines differ, so this is no test.
// Usage: npm run build && npm run bench [-- [runs] [--against <folder of another build>] [--only <part of a name>]]
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { commandRows } from "./run/commands.mjs";
import { proxyRows } from "./run/proxy.mjs";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { against: { type: "string" }, only: { type: "string", default: "" } },
});
const runs = Number(positionals[0] ?? 11);
const here = fileURLToPath(new URL("../..", import.meta.url));
const builds = [here, ...(values.against === undefined ? [] : [values.against])];

const columns = ["noise", "here", ...(values.against === undefined ? [] : ["against"])];
console.log(`${"".padEnd(40)}${columns.map((each) => each.padStart(9)).join("")}   goal`);
for (const rows of [commandRows, proxyRows])
  for await (const { name, ratios, goal } of rows(builds, { runs, only: values.only })) {
    const figures = ratios.map((each) => each.toFixed(2).padStart(9));
    console.log(`${name.padEnd(40)}${figures.join("")}   ${goal}`);
  }
process.exit(0);
