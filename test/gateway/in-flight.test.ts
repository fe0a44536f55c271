import { expect, test } from "vitest";
import { InFlight } from "../../src/gateway/in-flight.ts";

test("holds what was added until it has ended, and no longer", () => {
  const flying = new InFlight<object>();
  const [one, two, three] = [{ n: 1 }, { n: 2 }, { n: 3 }];
  const endOne = flying.add(one);
  const endTwo = flying.add(two);
  expect(flying.size).toBe(2);
  endOne();
  endOne();
  expect(flying.all()).toEqual([two]);
  const endThree = flying.add(three);
  // The place of the first is taken again; its end, said once more, must not end another.
  endOne();
  expect(flying.size).toBe(2);
  expect(flying.all()).toEqual(expect.arrayContaining([two, three]));
  endTwo();
  endThree();
  expect(flying.size).toBe(0);
  expect(flying.all()).toEqual([]);
});
