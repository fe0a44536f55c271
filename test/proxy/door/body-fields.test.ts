import { assert, constantFrom, dictionary, jsonValue, property } from "fast-check";
import { expect, test } from "vitest";
import { objectFields } from "../../../src/proxy/door/body-fields.ts";

const fields = (text: string) => objectFields(Buffer.from(text), ["model", "stream"]);

test("the fields are those that JSON.parse tells, however the object is written", () => {
  const name = constantFrom("model", "stream", "input", "}", '"', "\\");
  const objects = dictionary(name, jsonValue());
  assert(
    property(objects, constantFrom("", " ", "\t\n"), (object, indent) => {
      const read = JSON.parse(JSON.stringify(object)) as Record<string, unknown>;
      const asked = Object.entries(read).filter(([key]) => key === "model" || key === "stream");
      expect(fields(`${indent}${JSON.stringify(object, null, indent)}${indent}`)).toEqual(
        Object.fromEntries(asked),
      );
    }),
  );
});

test("a field that stands twice is what it says last, also where its name is written in another way", () => {
  expect(fields('{"model":"a","input":{"model":"b"},"model":"c"}')).toEqual({ model: "c" });
  expect(fields('{"model":"a","mod\\u0065l":"b"}')).toEqual({ model: "b" });
});

test.each([
  "",
  "null",
  "[]",
  '"model"',
  "{",
  '{"model"',
  '{"model":',
  '{"model":"a"',
  '{"model":"a',
  '{"model":"a",}',
  '{"model":"a"}}',
  '{"model":"a"} 1',
  '{"model" "a"}',
  '{"model":a}',
  '{model:"a"}',
  '{"input":[}',
])("%s is no object", (text) => {
  expect(fields(text)).toBeNull();
});

test("what is wrong inside a field that nobody asks for is for whoever is sent it", () => {
  expect(fields('{"model":"a","input":[tru]}')).toEqual({ model: "a" });
});
