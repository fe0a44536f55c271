// Prints a time as the pages of the gateway show it; the zone is that of the process.
import { timeText, zoneText } from "../../src/gateway/pages/words.ts";

const time = process.argv[2] ?? "";
process.stdout.write(`${timeText(time)} ${timeText(time, false)} ${zoneText(Date.parse(time))}`);
