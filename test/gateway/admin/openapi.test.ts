import addFormats from "ajv-formats";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import { openApiDocument } from "../../../src/gateway/admin/openapi.ts";
import { GatewayScene } from "../../support/gateway-scene.ts";

interface Described {
  responses: Record<string, { content?: { "application/json": { schema: object } } }>;
}
const document = openApiDocument("0.0.0") as { paths: Record<string, Record<string, Described>> };
const ajv = new Ajv2020({ strict: false, code: { optimize: false } });
addFormats.default(ajv);

test("what management answers is what the OpenAPI document says", async () => {
  const scene = await GatewayScene.open(["a"]);
  const { secret: admin } = await scene.key("boss", { role: "admin" });
  const { key, secret } = await scene.key("ci", { limits: ["cost=5usd/week"] });
  await scene.ask({
    path: "/v1/responses",
    key: secret,
    body: { model: "gpt-6-sol", input: "x", stream: true },
  });
  await expect.poll(() => scene.database.query(`select id from requests`)).toHaveLength(1);
  const bodies: Record<string, object> = {
    "post /api/keys": { name: "new" },
    "patch /api/keys/{id}": { limits: ["requests=1/day"] },
  };
  const seen: string[] = [];
  for (const [path, methods] of Object.entries(document.paths)) {
    if (path === "/api/session") continue;
    for (const [method, { responses }] of Object.entries(methods)) {
      if (method === "delete") continue;
      const [status = "", described] = Object.entries(responses)[0] ?? [];
      const answer = await scene.ask({
        method: method.toUpperCase(),
        path: path.replace("{id}", key.id),
        key: admin,
        body: bodies[`${method} ${path}`] ?? {},
      });
      expect([path, method, answer.status]).toEqual([path, method, Number(status)]);
      const schema = described?.content?.["application/json"].schema ?? {};
      const isValid = ajv.validate(schema, JSON.parse(answer.text));
      expect([path, isValid, ajv.errorsText()]).toEqual([path, true, "No errors"]);
      seen.push(`${method} ${path}`);
    }
  }
  expect(seen).toHaveLength(11);
});
