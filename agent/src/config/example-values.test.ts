import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { exampleValues } from "./example-values.ts";
import { parseConfig } from "./load.ts";

const EXAMPLE = readFileSync(new URL("../../config.example.toml", import.meta.url), "utf8");

const doubtsOf = (toml: string) =>
  exampleValues(parseConfig(toml, { file: "agent.toml", environment: {} })).map(({ text }) =>
    text.split(" the example's", 1)[0]?.trim(),
  );

test("the example as it is shown is recognised, what is commented out in it too", () => {
  const plain = [
    "[hotspot] latitude and longitude are",
    "[network] name is",
    "[network] public_key is",
    "[broker] url is",
  ];
  expect(doubtsOf(EXAMPLE)).toEqual(plain);
  const station = EXAMPLE.replace(/^# payee/m, "payee")
    .replace('type = "semtech-udp"', '# type = "semtech-udp"')
    .replace('# type = "basics-station"', 'type = "basics-station"')
    .replace(/^# (token|cert_file = .*lns|key_file = .*lns)/gm, "$1");
  expect(doubtsOf(station)).toEqual([...plain, "[hotspot] payee is", "[lora] token is"]);
});

test("what was written instead is not, and a network may be called as the example's", () => {
  const own = EXAMPLE.replace(/public_key = .*/, `public_key = "${"ab".repeat(32)}"`)
    .replace("broker.example.org", "broker.operator.net")
    .replace("latitude = 47.3667", "latitude = 47.3668");
  expect(doubtsOf(own)).toEqual([]);
  expect(doubtsOf(own.replace("broker.operator.net", "mqtt.example"))).toEqual([
    "[network] name is",
    "[broker] url is",
  ]);
});
