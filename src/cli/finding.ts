import type { Zod } from "./define-command.ts";

export const findingSchema = (z: Zod) =>
  z.object({
    id: z.string().describe("stable"),
    severity: z.enum(["error", "warning", "info"]),
    message: z.string(),
    fix: z.string().nullable().describe("the command that ends it"),
  });
