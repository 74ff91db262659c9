import { expect, test } from "vitest";
import { defaultAgent, jsonIn, listIn, pluginsNotLoaded, replyIn } from "./openclaw-lists.ts";

test("JSON is found behind what is printed before it", () => {
  expect(jsonIn('{"a": 1}')).toEqual({ a: 1 });
  expect(jsonIn('[plugins] a warning\n{\n  "a": [2]\n}\n')).toEqual({ a: [2] });
  expect(jsonIn("nothing of the kind")).toBeUndefined();
});

test("lists are found at their key or alone; a lack is not an empty list", () => {
  expect(listIn('{"jobs": [{"id": "a"}, 7]}', "jobs")).toEqual([{ id: "a" }]);
  expect(listIn('[{"id": "a"}]', "jobs")).toEqual([{ id: "a" }]);
  expect(listIn('{"error": "down"}', "jobs")).toBeUndefined();
});

test("the agent that is meant where none is named", () => {
  const agents = [{ id: "a" }, { id: "b", isDefault: true, model: "p/m" }];
  expect(defaultAgent(JSON.stringify(agents))).toEqual({ id: "b", model: "p/m" });
  expect(defaultAgent('[{"id": "a"}]')).toEqual({ id: "a", model: undefined });
  expect(defaultAgent("[]")).toBeUndefined();
});

test("plugins that are wanted but failed or are not there", () => {
  const plugins = [
    { id: "fine", enabled: true, status: "loaded" },
    { id: "off", enabled: false, status: "disabled" },
    { id: "broken", enabled: true, status: "error" },
  ];
  const entries = { fine: { enabled: true }, gone: { enabled: true }, mentioned: { config: {} } };
  expect(pluginsNotLoaded(JSON.stringify({ plugins }), JSON.stringify(entries))).toEqual([
    "broken",
    "gone",
  ]);
});

test("what an agent said", () => {
  expect(replyIn('{"result": {"payloads": [{"text": "hello"}]}}')).toBe("hello");
  expect(replyIn('{"result": {"payloads": []}}')).toBeUndefined();
});
