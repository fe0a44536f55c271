/** The names of the models in a models_cache.json; none when it cannot be understood. */
export function modelsInCache(text: string): string[] {
  try {
    const document: unknown = JSON.parse(text);
    const models = hasField(document, "models") ? document["models"] : [];
    return Array.isArray(models) ? models.flatMap(slugOf) : [];
  } catch {
    return [];
  }
}

function slugOf(model: unknown): string[] {
  return hasField(model, "slug") && typeof model["slug"] === "string" ? [model["slug"]] : [];
}

function hasField<Name extends string>(value: unknown, name: Name): value is Record<Name, unknown> {
  return typeof value === "object" && value !== null && name in value;
}
