import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { expectSameRows } from "../e2e/same-state.ts";
import { scenes } from "./scene.ts";

const scene = scenes();
/** What is said of them, whoever words it. */
const DANGLING = /foreign key|refer to rows/iu;
const SHOP = "workspace/shop/orders.sqlite";

test("F9 a foreign database with foreign keys that lead nowhere: reported, and the backup goes on", async () => {
  const { house, made } = scene();
  await house.write(SHOP, "");
  using shop = new DatabaseSync(house.state(SHOP), { enableForeignKeyConstraints: false });
  shop.exec(`CREATE TABLE customers (id INTEGER PRIMARY KEY);
    CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER REFERENCES customers (id));
    INSERT INTO orders VALUES (1, 7), (2, 8)`);
  shop.close();

  const taken = await scene().backup(0);
  const said = taken.warnings.filter((warning) => warning.includes(house.state(SHOP)));
  expect(said.join("\n")).toMatch(DANGLING);
  const [about] = (await scene().manifest()).databases.filter(
    ({ path }) => path === house.state(SHOP),
  );
  expect(JSON.stringify(about)).toMatch(DANGLING);
  // Nobody is told of databases in which nothing is wrong.
  for (const path of made.databases) {
    expect(taken.warnings.join("\n")).not.toContain(house.state(path));
  }

  const copy = await scene().restore();
  for (const path of [SHOP, ...made.databases]) {
    expectSameRows(house.state(path), copy.state(path));
  }
});
