import { expect, test } from "bun:test";
import { keyCopiesPart } from "./key-copies.ts";

test("a copied key is told with what the network counted, and what to do", () => {
  expect(keyCopiesPart({})).toEqual([]);
  const keyCopies = { agentTurns: 6, reusedNumbers: 0, radioTurns: 4, concentrators: 2 };
  const [part] = keyCopiesPart({ keyCopies });
  expect(part).toMatchObject({ title: "Hotspot key", health: "attention" });
  expect(part?.text).toBe(
    "Another agent signs with this hotspot's key: of its newest packets, two agents took turns 6 times, 2 concentrators heard for them",
  );
  expect(part?.advice).toContain("earshot-agent key rotate");
  const [other] = keyCopiesPart({
    keyCopies: { ...keyCopies, agentTurns: 0, reusedNumbers: 3, concentrators: 0 },
  });
  expect(other?.text).toEndWith("of its newest packets, 3 numbers were used for two packets");
});
