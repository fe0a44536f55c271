// What every client of this folder reports: one line of JSON for each check, for the test that started it.
import { isDeepStrictEqual } from "node:util";

export const { GATEWAY_URL: baseURL, GATEWAY_KEY: apiKey, GATEWAY_LUNA_KEY: lunaKey } = process.env;
export const { GATEWAY_LIMITED_KEY: limitedKey, GATEWAY_SHORT_KEY: shortKey } = process.env;
export const model = "gpt-6-sol";

export function check(name, got, wanted) {
  const isRight = typeof wanted === "function" ? wanted(got) === true : isDeepStrictEqual(got, wanted);
  report(name, isRight, isRight ? undefined : got);
}

function report(name, isRight, got) {
  console.log(JSON.stringify({ name, isRight, got: got instanceof Error ? String(got) : got }) ?? "");
}

/** One scene; what it throws is a failed check. */
export async function scene(name, work) {
  try {
    await work();
  } catch (error) {
    report(`${name}: no error`, false, `${error?.stack ?? error}`);
  }
}

/** What `work` throws; a scene in which it does not is a failed check. */
export async function thrown(work) {
  try {
    await work();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

export const tool = {
  name: "weather",
  description: "The weather of a city",
  schema: {
    $schema: "http://json-schema.org/draft-07/schema#",
    type: "object",
    properties: { city: { type: "string" } },
    required: ["city"],
    additionalProperties: false,
  },
};
