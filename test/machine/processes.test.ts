import { expect, test } from "vitest";
import type { ProcessIdentity } from "../../src/machine/identity.ts";
import { currentProcess, livenessOf } from "../../src/machine/processes.ts";
import { endedProcess } from "../support/faulty-fs.ts";

const [here, there] = ["0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"];
const self = { ...currentProcess(), machine: here };
const ended = { ...endedProcess(), machine: here };
const { machine: _, ...earlier } = { ...self, pid: ended.pid };

// Two machines of one name that share a folder took each other for dead, because their boot ids differ: each took the
// other's lock and swept the homes in which the other's commands ran.
test.each<[string, ProcessIdentity, ProcessIdentity, string]>([
  ["another machine of the same name", { ...ended, machine: there, boot: "x" }, self, "unknown"],
  ["another machine of the same name and boot id", { ...ended, machine: there }, self, "unknown"],
  ["an earlier boot of this machine", { ...ended, boot: "x" }, self, "dead"],
  [
    "an earlier boot of a machine that does not tell",
    { ...ended, boot: "x", machine: null },
    self,
    "unknown",
  ],
  [
    "an earlier boot, seen by one that does not tell",
    { ...ended, boot: "x" },
    { ...self, machine: null },
    "unknown",
  ],
  [
    "a record of an earlier version, before this boot",
    { ...earlier, boot: "x" } as ProcessIdentity,
    self,
    "unknown",
  ],
  ["a record of an earlier version, in this boot", earlier as ProcessIdentity, self, "dead"],
  ["a record without a boot id", { ...ended, boot: null }, self, "unknown"],
  ["a process of this boot that has ended", ended, self, "dead"],
  ["another name with the id of this machine", { ...ended, host: "elsewhere", boot: "x" }, self, "unknown"],
  ["this process", self, self, "self"],
])("%s: %#", (_name, other, own, expected) => {
  expect(livenessOf(other, own)).toBe(expected);
});
