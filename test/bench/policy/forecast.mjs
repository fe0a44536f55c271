// The built window forecast in the shape of the simulator's check-forecast.mjs: seconds.
import { forecastWindow as forecast } from "../../../dist/lib/index.js";

export function forecastWindow({ usedPercent, now, resetsAt, history, firstWeekday = 0 }) {
  const result = forecast({
    usedPercent,
    nowMs: now * 1000,
    resetsAtMs: resetsAt * 1000,
    history: { startMs: 0, firstWeekday, percentPerBin: history },
  });
  const { p10, p50, p90 } = result.emptyInMs;
  return { pHit: result.hitProbability, etaS: { p10: p10 / 1000, p50: p50 / 1000, p90: p90 / 1000 } };
}
