import { field, isRecord, textField } from "../errors/json-value.ts";

/** Tools as the Responses API names them; what was left out stays left out. Kinds that nobody knows go as they are. */
export function responsesTools(
  tools: readonly object[] | undefined,
  functions: readonly object[] | undefined,
): readonly object[] | null {
  if (tools === undefined && functions === undefined) return null;
  return [...(tools ?? []).map(responsesTool), ...(functions ?? []).map(functionTool)];
}

function responsesTool(tool: object): object {
  const type = textField(tool, "type");
  const inner = field(tool, type ?? "");
  if (type === "function" && isRecord(inner)) return functionTool(inner);
  if (type === "custom" && isRecord(inner)) return { ...inner, type };
  return tool;
}

function functionTool(definition: object): object {
  const parameters = field(definition, "parameters");
  return {
    ...definition,
    type: "function",
    parameters: isRecord(parameters) ? withoutDialect(parameters) : { type: "object", properties: {} },
  };
}

/** The AI SDK names the JSON Schema dialect, which the backend does not take. */
function withoutDialect({ $schema: _, ...schema }: Readonly<Record<string, unknown>>): object {
  return schema;
}

/** `auto`, `none`, `required` stay; a named tool loses the level that chat puts around its name. */
export function responsesToolChoice(choice: unknown): unknown {
  if (choice === undefined || choice === null || typeof choice === "string") return choice ?? undefined;
  const type = textField(choice, "type") ?? "function";
  const name = textField(field(choice, type), "name") ?? textField(choice, "name");
  if (type === "allowed_tools") {
    const allowed = field(choice, "allowed_tools");
    const tools = field(allowed, "tools");
    const named = Array.isArray(tools) ? tools.map((tool: unknown) => responsesToolChoice(tool)) : [];
    return { type, mode: field(allowed, "mode") ?? "auto", tools: named };
  }
  return name === undefined ? choice : { type, name };
}
