import { describe, expect, test } from "bun:test";
import { EARTH_RADIUS_M } from "../math/geo.ts";
import type { Gnss } from "../packet/packet.ts";
import { Scenario } from "./scenario.ts";
import { type Outcome, tryBeacon, tryWitness } from "./trial.ts";

const ok = { reason: "ok" };
const { latE7, lonE7 } = new Scenario().hotspot(1);
const northE7 = (metres: number) => Math.round((metres / EARTH_RADIUS_M / Math.PI) * 1_800_000_000);

const fix: Gnss = {
  fixMode: 3,
  satellitesUsed: 9,
  latE7,
  lonE7,
  altitudeM: 20,
  horizontalErrorDm: 45,
  integrityFlags: 0,
};
const noFix: Gnss = {
  ...fix,
  fixMode: 1,
  satellitesUsed: 0,
  latE7: null,
  lonE7: null,
  horizontalErrorDm: null,
};

/** The verdict on a witness report with this block; on a beacon report it must be the same. */
function judged(gnss: Gnss | null, gnssRequired: 0 | 1 = 0): Outcome {
  const scenario = () => new Scenario([0, 5000], { gnssRequired });
  const beaconer = scenario();
  const here = beaconer.hotspot(0);
  const moved = gnss?.latE7 == null ? gnss : { ...gnss, latE7: gnss.latE7 - latE7 + here.latE7 };
  // The other of the two needs a good block of its own where one is required.
  const asBeacon = tryBeacon({ gnss: moved }, { scenario: beaconer });
  const result = tryWitness(
    { gnss },
    { scenario: scenario(), beacon: { gnss: { ...fix, latE7: here.latE7 } } },
  );
  if (asBeacon.reason !== "not_heard") expect(asBeacon).toEqual(result);
  return result;
}

test("a good fix at the asserted position, or no receiver where none is required", () => {
  expect(judged(fix)).toEqual(ok);
  expect(judged(fix, 1)).toEqual(ok);
  expect(judged(null)).toEqual(ok);
  expect(judged({ ...fix, fixMode: 2, altitudeM: null })).toEqual(ok);
});

test("gnss_missing: only where the network needs it", () => {
  expect(judged(null, 1)).toEqual({ reason: "gnss_missing" });
  expect(judged(null, 0)).toEqual(ok);
});

describe("gnss_no_fix", () => {
  test("a receiver that is still looking is refused only where a fix is needed", () => {
    expect(judged(noFix)).toEqual(ok);
    expect(judged(noFix, 1)).toEqual({ reason: "gnss_no_fix", satellites: 0 });
    expect(judged({ ...noFix, fixMode: 0, satellitesUsed: 3 }, 1)).toEqual({
      reason: "gnss_no_fix",
      satellites: 3,
    });
  });

  test("a fix without a position does not count as one", () => {
    expect(judged({ ...fix, latE7: null, lonE7: null }, 1)).toEqual({ reason: "gnss_no_fix", satellites: 9 });
    expect(judged({ ...fix, latE7: null, lonE7: null })).toEqual(ok);
  });

  test("a position without a fix claims nothing", () => {
    expect(judged({ ...fix, fixMode: 1, latE7: latE7 + northE7(5000) })).toEqual(ok);
  });
});

describe("gnss_weak", () => {
  test("four satellites are enough, three are not", () => {
    expect(judged({ ...fix, satellitesUsed: 4 })).toEqual(ok);
    expect(judged({ ...fix, satellitesUsed: 3 })).toEqual({
      reason: "gnss_weak",
      satellites: 3,
      minSatellites: 4,
    });
  });

  test("100 m of error are allowed, a decimetre more is not; an unknown error is not held against it", () => {
    expect(judged({ ...fix, horizontalErrorDm: 1000 })).toEqual(ok);
    expect(judged({ ...fix, horizontalErrorDm: null })).toEqual(ok);
    expect(judged({ ...fix, horizontalErrorDm: 1001 })).toEqual({
      reason: "gnss_weak",
      errorDm: 1001,
      maxErrorM: 100,
    });
  });
});

describe("gnss_position", () => {
  const off = (metres: number, horizontalErrorDm: number | null) =>
    judged({ ...fix, latE7: latE7 + northE7(metres), horizontalErrorDm });

  test("200 m and its own error estimate, rounded up to a metre", () => {
    expect([off(200, null), off(200, 0), off(205, 45), off(-205, 45), off(300, 1000)]).toEqual([
      ok,
      ok,
      ok,
      ok,
      ok,
    ]);
    expect(off(201, null)).toEqual({ reason: "gnss_position", offM: 201, allowedM: 200 });
    expect(off(206, 45)).toEqual({ reason: "gnss_position", offM: 206, allowedM: 205 });
    expect(off(-206, 45).reason).toBe("gnss_position");
    expect(off(301, 1000).reason).toBe("gnss_position");
  });

  test("the limit is the network's", () => {
    const scenario = new Scenario([0, 5000], { maxGnssDistanceM: 5000 });
    expect(tryWitness({ gnss: { ...fix, latE7: latE7 + northE7(4900) } }, { scenario })).toEqual(ok);
  });
});

describe("the receiver's own alarms", () => {
  test.each([
    [2, "gnss_jammed"],
    [4, "gnss_spoofed"],
    [8, "gnss_jump"],
    [16, "gnss_clock_step"],
  ])("flag %d: %s, with or without a fix", (integrityFlags, reason) => {
    expect(judged({ ...fix, integrityFlags })).toEqual({ reason });
    expect(judged({ ...noFix, integrityFlags })).toEqual({ reason });
  });

  test("an antenna fault counts only where GNSS is needed", () => {
    expect(judged({ ...fix, integrityFlags: 1 })).toEqual(ok);
    expect(judged({ ...fix, integrityFlags: 1 }, 1)).toEqual({ reason: "gnss_antenna" });
  });

  test("of several, spoofing is reported first", () => {
    expect(judged({ ...fix, integrityFlags: 2 + 4 + 16 }).reason).toBe("gnss_spoofed");
    expect(judged({ ...fix, integrityFlags: 1 + 2 }, 1).reason).toBe("gnss_jammed");
  });
});
