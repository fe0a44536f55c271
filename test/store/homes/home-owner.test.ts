import * as fs from "node:fs";
import { expect, test } from "vitest";
import { currentProcess } from "../../../src/machine/processes.ts";
import { claimHome, ownerPath } from "../../../src/store/homes/home-owner.ts";
import { TestHome } from "../../support/home.ts";

test("a claim that a full disk refuses leaves nothing behind, and one of another program stays", () => {
  const place = new TestHome().file("one");
  const refuse = () => {
    throw Object.assign(new Error("full"), { code: "ENOSPC" });
  };
  const full = { ...fs, writeSync: refuse };
  expect(() => claimHome(full, place, "hash", currentProcess())).toThrow("the disk or quota is full");
  expect(fs.existsSync(ownerPath(place))).toBe(false);
  expect(claimHome(fs, place, "hash", currentProcess())).toBe(true);
  const text = fs.readFileSync(ownerPath(place), "utf8");
  expect(claimHome(full, place, "hash", currentProcess())).toBe(false);
  expect(fs.readFileSync(ownerPath(place), "utf8")).toBe(text);
});
