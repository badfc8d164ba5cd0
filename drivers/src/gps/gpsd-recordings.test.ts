import { describe, expect, test } from "bun:test";
import { ManualClock } from "@earshot/protocol/testing";
import { GpsdDecoder } from "./gpsd.ts";
import { type GpsdAnswer, gpsdAnswers, RECORDINGS, readRecording, recordingsIn } from "./test-recordings.ts";

const known = recordingsIn(RECORDINGS);

/** What gpsd 3.27 said of a recording, as its client hears it. */
function listen(name: string) {
  const decoder = new GpsdDecoder({ clock: new ManualClock(0) });
  const readings = decoder.push(readRecording(RECORDINGS, `${name}.chk`));
  return { readings, counts: decoder.counts };
}

/** Its TPV; the first of a fix may come while the last SKY still says that no satellite is used: that is none yet. */
function tpvsOf(name: string): GpsdAnswer[] {
  let usedInSky: number | undefined;
  return gpsdAnswers(RECORDINGS, name).flatMap((one) => {
    if (one.class === "SKY") usedInSky = one.uSat ?? usedInSky;
    if (one.class !== "TPV") return [];
    return [usedInSky === 0 && one.mode > 1 && one.status !== 7 ? { ...one, mode: 1 } : one];
  });
}

describe.skipIf(known.length === 0)("gpsd 3.27's own reports of the recordings", () => {
  let compared = 0;

  test.each(known)("%s: every TPV makes the reading that it is", (name) => {
    const answers = tpvsOf(name);
    const { readings, counts } = listen(name);
    // A TPV of mode 0 behind one with a mode makes none.
    const first = answers.findIndex(({ mode }) => mode > 0);
    const reported = answers.filter(({ mode }, at) => mode > 0 || at < first);
    expect(readings.map(({ mode }) => mode as number)).toEqual(reported.map(({ mode }) => mode));
    for (const [at, { latDeg, lonDeg, altHaeM, timeMs, timeOnly }] of readings.entries()) {
      const { mode, lat, lon, altHAE, time, status } = reported[at] ?? {};
      expect(timeMs).toBe(time === undefined ? undefined : Date.parse(time));
      compared += 1;
      if (mode === 1) continue;
      // The height of a two-dimensional fix is an old or assumed one.
      expect([latDeg, lonDeg, altHaeM]).toEqual([lat, lon, mode === 3 ? altHAE : undefined]);
      expect(timeOnly === true).toBe(status === 7);
    }
    expect(counts.frames).toBe(gpsdAnswers(RECORDINGS, name).length);
    console.log(`${name}.chk: ${readings.length} readings of ${answers.length} TPV, ${compared} so far`);
  });

  test("a receiver's antenna power and jamming, told beside the fixes, stand in every reading after", () => {
    const { readings } = listen("navisys-gr701w.log");
    expect(readings.length).toBe(181);
    const states = new Set(readings.map(({ antennaPower, antenna }) => `${antennaPower} ${antenna}`));
    expect([...states]).toEqual(["on undefined"]);
    const indicators = readings.map(({ jammingIndicator = -1 }) => jammingIndicator);
    expect(Math.min(...indicators)).toBeGreaterThan(0);
    expect(readings.filter(({ mode }) => mode === 3).length).toBeGreaterThan(50);
  });
});
