// Draws docs/forecast.svg, the picture of the README, from what the demo prints: at a fixed time, so that two runs
// differ only where the program does.
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { load } from "./load.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.env.TZ = "UTC";
Date.now = () => Date.UTC(2026, 10, 20, 12);

const { forecastPicture } = await load(".ci/picture.ts");
writeFileSync(join(root, "docs/forecast.svg"), await forecastPicture(root));
