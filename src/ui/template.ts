import { safeText } from "./safe-text.ts";

/**
 * Fills `{name}` in a template. A part in square brackets is left out when a field in it is not known; a name that
 * does not exist stays as it is, so that a mistake shows. `{{` is a brace.
 */
export function fillTemplate(template: string, fields: Readonly<Record<string, string>>): string {
  const isKnown = (name: string) => (fields[name] ?? "") !== "";
  const parts = template.replace(/\[([^[\]]*)\]/g, (whole, part: string) => {
    const names = [...part.matchAll(fieldPattern)].flatMap(([, name]) => (name === undefined ? [] : [name]));
    if (names.length === 0) return whole;
    return names.every(isKnown) ? part : "";
  });
  const text = parts.replace(fieldPattern, (whole, name?: string) => {
    if (name === undefined) return "{";
    return Object.hasOwn(fields, name) ? safeText(fields[name] ?? "") : whole;
  });
  return text.trim();
}

const fieldPattern = /\{\{|\{(\w+)\}/g;
