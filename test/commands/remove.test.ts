import { expect, test } from "vitest";
import { homeWithThree } from "../support/home.ts";

// Found here: two of the three accounts have this e-mail, and nothing told which of them was meant.
test("the active account that is not removed is named so that no other of its e-mail can be meant", async () => {
  const home = await homeWithThree();
  const { code, stderr } = await home.run(["remove", "1"]);
  expect([code, stderr]).toEqual([
    1,
    expect.stringContaining("ada@personal.example (plus, row 1) is the active account."),
  ]);
});
