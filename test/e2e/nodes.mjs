// npm run test:nodes [words for vitest]: the quick tests under the other versions of Node that the package promises to run on.
// Streams, files and sockets behave differently there.
import { run } from "./cut-network.mjs";
import { installNode, nodeIn, otherNodes } from "./install.mjs";

const words = process.argv.slice(2);
let exitCode = 0;
for (const major of otherNodes) {
  installNode(major);
  console.log(`The quick tests under Node ${major}:`);
  const vitest = [
    "node_modules/vitest/vitest.mjs",
    "run",
    "-c",
    ".ci/vitest.config.ts",
    "--project",
    "quick",
  ];
  const code = run(nodeIn(major), [...vitest, ...words]);
  exitCode ||= code;
}
process.exitCode = exitCode;
