import type { Zod } from "./define-command.ts";

/** Something that a person should know, and the command that ends it. */
export interface Finding {
  /** Stable; scripts look for it. */
  id: string;
  severity: "error" | "warning" | "info";
  message: string;
  fix: string | null;
}

export const findingSchema = (z: Zod) =>
  z.object({
    id: z.string().describe("stable"),
    severity: z.enum(["error", "warning", "info"]),
    message: z.string(),
    fix: z.string().nullable().describe("the command that ends it"),
  });
