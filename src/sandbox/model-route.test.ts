import { expect, test } from "vitest";
import { gatewayPort, loopbackPorts, reachesStandIn } from "./model-route.ts";

const providers = JSON.stringify({
  near: { baseUrl: "http://127.0.0.1:4000/v1", api: "openai-completions" },
  here: { baseUrl: "http://localhost:11434", api: "ollama" },
  far: { baseUrl: "https://models.example/v1", api: "openai-completions" },
});

test("the ports of providers on the loopback", () => {
  expect(loopbackPorts(providers)).toEqual([4000, 11434]);
  expect(loopbackPorts("config path not found")).toEqual([]);
});

test("only a model behind such a port, in the stand-in's own words, is reached as it is", () => {
  const reached = (model: string, ports = [4000, 11434]): boolean =>
    reachesStandIn({ id: "a", model }, providers, ports);
  expect(reached("near/one")).toBe(true);
  expect(reached("near/one", [11434])).toBe(false);
  expect(reached("here/one")).toBe(false);
  expect(reached("far/one")).toBe(false);
  expect(reachesStandIn({ id: "a", model: undefined }, providers, [4000])).toBe(false);
});

test("the gateway's port is its configuration's or OpenClaw's own", () => {
  expect(gatewayPort('{"port": 4242}')).toBe(4242);
  expect(gatewayPort("not found")).toBe(18789);
});
