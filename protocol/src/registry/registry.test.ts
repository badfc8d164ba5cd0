import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { signerFromSeed } from "../crypto/ed25519.ts";
import { distanceM, EARTH_RADIUS_M, type Position } from "../math/geo.ts";
import type { Assertion } from "../packet/packet.ts";
import { cellCentre, cellOf, changedHotspot, type Hotspot, RELOCATION_M } from "./registry.ts";

const { publicKey } = signerFromSeed(new Uint8Array(32).fill(5));
const HOME: Position = { latE7: 535_511_000, lonE7: 99_937_000 };
const E7_PER_METRE = 1_800_000_000 / (Math.PI * EARTH_RADIUS_M);

const northOf = ({ latE7, lonE7 }: Position, metres: number): Position => ({
  latE7: latE7 + Math.round(metres * E7_PER_METRE),
  lonE7,
});

const assertionAt = (position: Position, rest: Partial<Assertion> = {}): Assertion => ({
  ...position,
  elevationM: 20,
  antennaGainDdbi: 58,
  region: "EU868",
  payee: null,
  ...rest,
});

const change = (atMs: number) => ({ atMs, fromEpoch: atMs / 1000, evidence: new Uint8Array([atMs & 255]) });

function changed(before: Hotspot | undefined, atMs: number, assertion: Assertion): Hotspot {
  const after = changedHotspot(before, change(atMs), { publicKey, assertion });
  if (after === undefined) throw new RangeError("The region is known");
  return after;
}

/** The hotspot after asserting these places, one each second. */
const walked = (places: readonly Position[]): Hotspot =>
  places.reduce<Hotspot | undefined>(
    (before, place, i) => changed(before, (i + 1) * 1000, assertionAt(place)),
    undefined,
  ) as Hotspot;

const position: fc.Arbitrary<Position> = fc.record({
  latE7: fc.integer({ min: -850_000_000, max: 850_000_000 }),
  lonE7: fc.integer({ min: -1_799_999_999, max: 1_799_999_999 }),
});

describe("cells", () => {
  test("of resolution 12, whose centre is the position that counts", () => {
    expect(cellOf(HOME)).toBe("8c1f15ad3c1d7ff");
    const hotspot = walked([HOME]);
    expect(hotspot.cell).toBe(cellOf(HOME));
    expect({ latE7: hotspot.latE7, lonE7: hotspot.lonE7 }).toEqual(cellCentre(hotspot.cell));
  });

  test("a place is at most 14 m from the centre of its cell, and the centre lies in it", () => {
    fc.assert(
      fc.property(position, (place) => {
        const centre = cellCentre(cellOf(place));
        expect(distanceM(place, centre)).toBeLessThanOrEqual(14);
        expect(cellOf(centre)).toBe(cellOf(place));
      }),
    );
  });
});

describe("a registered hotspot", () => {
  const registered = walked([HOME]);

  test("has stood in its cell since it was registered", () => {
    expect(registered).toMatchObject({
      registeredAtMs: 1000,
      settledCell: registered.cell,
      relocatedAtMs: null,
      change: change(1000),
    });
  });

  test("accepts gain, elevation, payee and region, and keeps its registration time", () => {
    const rest = { elevationM: 7, antennaGainDdbi: 12, region: "US915", payee: new Uint8Array(20).fill(1) };
    const after = changed(registered, 5000, assertionAt(HOME, rest));
    expect(after).toEqual({ ...registered, ...rest, region: "US915", change: change(5000) });
  });

  test("in a region that nobody knows cannot be judged", () => {
    const assertion = assertionAt(HOME, { region: "MARS" });
    expect(changedHotspot(undefined, change(1), { publicKey, assertion })).toBeUndefined();
    expect(changedHotspot(registered, change(1), { publicKey, assertion })).toBeUndefined();
  });
});

describe("relocation", () => {
  test("a step to the next roof is a correction: no cool-down, and settled where it was", () => {
    const after = walked([HOME, northOf(HOME, 100)]);
    expect(after.cell).not.toBe(cellOf(HOME));
    expect(after).toMatchObject({ relocatedAtMs: null, settledCell: cellOf(HOME) });
  });

  test("a move further than that is one, and begins a new settling", () => {
    const there = northOf(HOME, 300);
    expect(walked([HOME, there])).toMatchObject({ relocatedAtMs: 2000, settledCell: cellOf(there) });
  });

  test("small steps add up, and afterwards count from the new place", () => {
    const steps = [0, 90, 180, 270, 360, 450].map((metres) => northOf(HOME, metres));
    expect(walked(steps.slice(0, 3)).relocatedAtMs).toBeNull();
    const moved = walked(steps.slice(0, 4));
    expect(moved).toMatchObject({ relocatedAtMs: 4000, settledCell: cellOf(steps[3] as Position) });
    expect(walked(steps)).toMatchObject({ relocatedAtMs: 4000, settledCell: moved.settledCell });
  });

  test("there and back in small steps is none", () => {
    const steps = [0, 90, 180, 90, 0].map((metres) => northOf(HOME, metres));
    expect(walked(steps)).toMatchObject({ relocatedAtMs: null, cell: cellOf(HOME) });
  });

  test("the boundary: the cells whose centres lie 200 m apart or less are corrections, all beyond are not", () => {
    const seen = { corrections: 0, relocations: 0 };
    for (let metres = 150; metres < 250; metres++) {
      const there = northOf(HOME, metres);
      const apartM = distanceM(cellCentre(cellOf(HOME)), cellCentre(cellOf(there)));
      const isMoved = walked([HOME, there]).relocatedAtMs !== null;
      expect(isMoved).toBe(apartM > RELOCATION_M);
      seen[isMoved ? "relocations" : "corrections"]++;
    }
    expect(Math.min(seen.corrections, seen.relocations)).toBeGreaterThan(20);
  });

  test("at exactly 200 m between the centres is a correction, at 201 m a relocation", () => {
    const from = cellCentre(cellOf(HOME));
    const cellAt = (apartM: number): string => {
      for (let i = 0; i < 40_000; i++) {
        const angle = (i / 4000) * Math.PI;
        const cell = cellOf({
          latE7: from.latE7 + Math.round(Math.cos(angle) * (apartM + (i % 9) - 4) * E7_PER_METRE),
          lonE7: from.lonE7 + Math.round(Math.sin(angle) * (apartM + (i % 9) - 4) * E7_PER_METRE * 1.68),
        });
        if (distanceM(from, cellCentre(cell)) === apartM) return cell;
      }
      throw new RangeError(`No cell lies ${apartM} m away`);
    };
    expect(walked([from, cellCentre(cellAt(200))]).relocatedAtMs).toBeNull();
    expect(walked([from, cellCentre(cellAt(201))]).relocatedAtMs).toBe(2000);
  });

  test("whatever way is walked: never more than 200 m from where it settled", () => {
    const step = fc.integer({ min: -250, max: 250 });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
        const totals = steps.map((_, i) => steps.slice(0, i + 1).reduce((sum, by) => sum + by, 0));
        const places = totals.map((metres) => northOf(HOME, metres));
        const { cell, settledCell } = walked(places);
        expect(distanceM(cellCentre(cell), cellCentre(settledCell))).toBeLessThanOrEqual(RELOCATION_M);
      }),
    );
  });
});
