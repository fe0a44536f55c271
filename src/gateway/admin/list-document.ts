import { z } from "zod";

export function listOf(each: z.ZodType) {
  return z.object({ object: z.literal("list"), data: z.array(each) });
}

/** A list that goes on: `before=<nextBefore>` asks for what comes after it. */
export function pageOf(each: z.ZodType) {
  return listOf(each).extend({ nextBefore: z.string().nullable().describe("null: nothing is left") });
}

export function pageDocument(data: readonly { readonly id: string }[], limit: number): object {
  const nextBefore = data.length < limit ? null : (data.at(-1)?.id ?? null);
  return { object: "list", data, nextBefore };
}
