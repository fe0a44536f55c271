import { expect, test } from "vitest";
import { defineCommand, type Zod } from "../../src/program/command.ts";
import { makeUi } from "../../src/ui/ui.ts";
import { fakeContext } from "../support/fake-context.ts";
import { TestHome } from "../support/home.ts";

const spec = {
  examples: [],
  schema: (z: Zod) => z.object({ name: z.string() }),
  run: () => Promise.resolve({ name: "ada\u001b[2J" }),
  render: ({ name }: { name: string }) => `It is ${name}.`,
};

async function printed(more: { isPainted?: boolean; isVerbatim?: boolean }): Promise<string> {
  const { execute } = defineCommand({ ...spec, ...more });
  const { render } = await execute(fakeContext(new TestHome()), [], {});
  return render(await makeUi({ colorLevel: 0, columns: 80, isTerminal: false, isUnicode: true, nowMs: 0 }));
}

test("no command can print what acts on a terminal, because its text is made of an escaped report", async () => {
  expect(await printed({})).toBe("It is ada\\u001b[2J.");
});

test("a report that has text for a terminal or for a program already is left as it is", async () => {
  expect(await printed({ isPainted: true })).toBe("It is ada\u001b[2J.");
  expect(await printed({ isVerbatim: true })).toBe("It is ada\u001b[2J.");
});
