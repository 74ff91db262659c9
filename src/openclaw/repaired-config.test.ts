import fc from "fast-check";
import { expect, test } from "vitest";
import { repairedTree } from "./repaired-config.ts";

const config = `{
  // { a comment with a brace
  "agents": { "defaults": { "workspace": "/srv/a, {b}" }, },
  plugins: { load: { paths: ["/srv/one", '/srv/two'] } }, /* [ */
  "gateway": { "port": 18789 }
}`;

test("a missing brace at the end costs nothing", () => {
  expect(repairedTree(config.slice(0, -2))).toMatchObject({
    agents: { defaults: { workspace: "/srv/a, {b}" } },
    plugins: { load: { paths: ["/srv/one", "/srv/two"] } },
    gateway: { port: 18789 },
  });
});

test("what stands before the damage is had, wherever a text is cut off", () => {
  for (let length = config.indexOf("plugins"); length < config.length; length += 1) {
    expect(repairedTree(config.slice(0, length)), `${length}`).toMatchObject({
      agents: { defaults: { workspace: "/srv/a, {b}" } },
    });
  }
});

test("damage in the midst: up to there", () => {
  expect(repairedTree(config.replace('"gateway"', ', "gateway"'))).toMatchObject({
    plugins: { load: { paths: ["/srv/one", "/srv/two"] } },
  });
});

test("whatever it is given, it ends, and gives an object or nothing", () => {
  const odd = fc.string({
    unit: fc.constantFrom(...Array.from("{}[]\"',:/*\\ a1\n")),
    maxLength: 200,
  });
  fc.assert(
    fc.property(odd, (text) => {
      expect(typeof repairedTree(text)).toMatch(/object|undefined/);
    }),
  );
});
