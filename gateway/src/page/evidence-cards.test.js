import { beforeAll, describe, expect, test } from "bun:test";
import { plain, usePage } from "../testing/test-page.js";

const page = usePage();
let cards;
beforeAll(async () => {
  cards = await import("./evidence-cards.js");
});

const nameOf = (id) => `name of ${id}`;
const texts = (element, selector) =>
  [...element.querySelectorAll(selector)].map(({ textContent }) => plain(textContent));

const denial = (fields) => ({
  hotspot: "a",
  peer: null,
  reason: "too near",
  evidence: "case 1",
  fromEpoch: 5,
  untilEpoch: 9,
  atMs: page.gateway.fleet.nowMs - 60_000,
  state: "in_force",
  ...fields,
});

describe("denials", () => {
  test("are told to the hotspot while they hold or will, also those of an edge, from its own side", () => {
    const denials = [
      denial({}),
      denial({ state: "waiting", peer: "b", reason: "of an edge" }),
      denial({ state: "in_force", hotspot: "c", peer: "a", reason: "from the other side" }),
      denial({ state: "ended", reason: "over" }),
      denial({ state: "replaced", reason: "said anew" }),
    ];
    const notice = cards.denialNotice(denials, "a", nameOf);
    expect(texts(notice, "li")).toEqual([
      "This hotspot, from epoch 5 until 9: too near. Evidence: case 1",
      "What it and name of b report of each other, from epoch 5 until 9: of an edge. Evidence: case 1",
      "What it and name of c report of each other, from epoch 5 until 9: from the other side. Evidence: case 1",
    ]);
  });

  test("that are over are on record only", () => {
    const denials = [denial({ state: "ended" })];
    expect(cards.denialNotice(denials, "a", nameOf)).toBeUndefined();
    const record = cards.registryCard([], [...denials, denial({})]);
    expect(texts(record, "li")).toEqual(["Denied1 min agotoo near (ended)"]);
  });
});

describe("changes of a registration", () => {
  const change = (i) => ({
    atMs: page.gateway.fleet.nowMs - 60_000 * (20 - i),
    fromEpoch: 100 + i,
    signedBy: i % 2 === 0 ? "owner" : "operator",
    positionCell: "c",
    latitude: 45,
    longitude: 5,
    elevationM: i,
    antennaGainDbi: 2.6,
    region: "EU868",
    payee: null,
  });

  test("say what they change, the newest first; the first of all says everything", () => {
    const items = texts(cards.registryCard([change(0), change(1), change(1)], []), "ol > li");
    expect(items).toEqual([
      "Changed by the operator19 min agothe same as beforeFrom epoch 101 on",
      "Changed by the operator19 min agoantenna 1 m above groundFrom epoch 101 on",
      "Registered by its owner20 min ago45.00000° N, 5.00000° E; antenna 0 m above ground; gain 2.6 dBi; EU868; no payeeFrom epoch 100 on",
    ]);
  });

  test("beyond some are counted, and the oldest that is listed is not taken for the first", () => {
    const card = cards.registryCard(
      Array.from({ length: 8 }, (_, i) => change(i)),
      [],
    );
    const items = texts(card, "ol > li");
    expect(items).toHaveLength(6);
    expect(items.every((item) => item.startsWith("Changed"))).toBe(true);
    expect(plain(card.textContent)).toEndWith("and 2 older");
  });
});

describe("a hotspot whose key is retired", () => {
  const notice = (retired, predecessor = null) =>
    plain(cards.retiredNotice({ retired, predecessor }, nameOf)?.textContent ?? "");

  test("is told as such, with where it goes on, from where it came, or that nothing follows", () => {
    expect(notice(null)).toBe("");
    expect(notice({ fromEpoch: 1200, successor: "b" })).toBe(
      "Its key is replacedReports signed with it count until epoch 1 200 begins. What it has earned stays claimable." +
        "The hotspot goes on as name of b",
    );
    expect(notice({ fromEpoch: 7, successor: null })).toStartWith("Its key is revoked");
    expect(notice(null, "a")).toBe("Goes on in the place of name of a");
  });

  test("has the change on record", () => {
    const change = { atMs: 0, fromEpoch: 1, signedBy: "key", isRetired: true, successor: "b" };
    const titles = (changes) => texts(cards.registryCard(changes, []), "strong");
    expect(titles([change])).toEqual(["Key replaced"]);
    expect(titles([{ ...change, successor: null }])).toEqual(["Key revoked"]);
    expect(titles([{ ...change, isRetired: false, successor: null }])).toEqual(["Took another's place"]);
  });
});

test("a key that two agents use is told, with what says so", () => {
  const signs = { agentTurns: 6, reusedNumbers: 1200, radioTurns: 4, concentrators: 2 };
  expect(cards.copiesNotice({ isLikely: false, ...signs })).toBeUndefined();
  expect(plain(cards.copiesNotice({ isLikely: true, ...signs }).textContent)).toStartWith(
    "Two agents use its keyOf its newest packets, two agents took turns 6 times, 1 200 numbers were used for two packets, 2 concentrators heard for them.",
  );
});

test("who hears whom is listed with the level, nothing where it was not heard, and the rest counted", () => {
  expect(plain(cards.edgesCard({ edges: [], windowEpochs: 7 }, nameOf).textContent)).toEndWith("Nobody yet.");
  const heard = { heard: 3, rssiMeanDbm: -101.25, rssiDeviationDb: 2.4, rssiMinDbm: -110, rssiMaxDbm: -90 };
  const edges = Array.from({ length: 14 }, (_, i) => ({ peer: `p${i}`, heard, heardBy: null }));
  const card = cards.edgesCard({ edges, windowEpochs: 7 }, nameOf);
  const rows = [...card.querySelectorAll("tbody tr")];
  expect(rows).toHaveLength(12);
  expect(texts(rows[0], "td")).toEqual(["name of p0", "3 ×-101 ± 2 dBm", "–"]);
  expect(plain(rows[0].querySelector("[title]").title)).toBe(
    "Mean -101.25, deviation 2.4, from -110 to -90 dBm",
  );
  expect(plain(card.textContent)).toEndWith("and 2 more");
  expect([...card.querySelectorAll("th")].map((each) => each.className)).toEqual(["", "number", "number"]);
});
