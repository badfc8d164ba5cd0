import { expect, test } from "bun:test";
import { plain, usePage } from "../testing/test-page.js";

const page = usePage();

/** What the card says, by heading. */
async function card(detail) {
  const { statusCard } = await import("./status-card.js");
  const element = statusCard({ radioTraffic: null, losses: null, ...detail });
  return Object.fromEntries(
    [...element.querySelectorAll("dt")].map((term) => [
      term.textContent,
      plain(term.nextSibling.textContent),
    ]),
  );
}

const bare = () => ({
  receivedAtMs: page.gateway.fleet.nowMs,
  uptimeS: 90,
  version: "1.2.3",
  radio: null,
  gnss: null,
  machine: null,
  outboxQueued: 0,
  outboxDropped: 0,
});

test("what is not there, or in order, takes no line", async () => {
  expect(await card({ status: bare() })).toEqual({
    Reported: "just now",
    "Running for": "1 min",
    Agent: "1.2.3",
    Radio: "none attached",
    GPS: "none attached",
    "Waiting to be sent": "0",
  });
});

test("what needs a look has a line of its own", async () => {
  const gnss = { fixMode: 3, satellitesUsed: 7, horizontalErrorM: 2.5, integrityFlags: 0 };
  const machine = { cpuTemperatureC: 51, load: 0.25, diskUsedPermille: 380, underVoltage: false };
  const status = { ...bare(), gnss, machine };
  const sound = await card({ status, losses: { atMs: 0, counts: [] } });
  expect([sound.GPS, sound.Machine]).toEqual([
    "3D fix, 7 satellites, ±2.5 m",
    "51 °C, load 25 %, disk 38 % full",
  ]);
  for (const heading of ["GPS warnings", "Supply", "Dropped unsent", "Refused or lost", "Heard"]) {
    expect(sound).not.toHaveProperty([heading]);
  }
  const atMs = page.gateway.fleet.nowMs - 300_000;
  const poor = await card({
    status: {
      ...status,
      gnss: { ...gnss, fixMode: 9, horizontalErrorM: null, integrityFlags: 2 },
      machine: { ...machine, underVoltage: true },
      outboxDropped: 12,
    },
    radioTraffic: { fromMs: atMs - 3_600_000, untilMs: atMs, received: 0, garbled: 0 },
    losses: { atMs, counts: [{ count: 3, text: "too late" }] },
  });
  expect(poor).toMatchObject({
    GPS: "unknown, 7 satellites",
    "GPS warnings": "jamming",
    "Dropped unsent": "12",
    "Refused or lost": "3 × too late, until 5 min ago",
    Heard: "nothing in 1 h: is its antenna connected?, until 5 min ago",
  });
  expect(poor.Supply).toStartWith("too weak");
});
