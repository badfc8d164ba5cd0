import { distanceM } from "../math/geo.ts";
import { formatTenths } from "../network/format-measurement.ts";
import { type Gnss, INTEGRITY_FLAGS } from "../packet/packet.ts";
import type { Hotspot } from "../registry/registry.ts";
import type { JudgingContext, ReceivedReport, Rule, RuleAnswer } from "./types.ts";

/** What the rules about the hotspot's GNSS receiver judge by. */
interface GnssContext {
  report: ReceivedReport;
  hotspot: Hotspot;
  judging: JudgingContext;
}

const FIX_2D = 2;

/** A fix with the position that belongs to it. */
type Fix = Gnss & { latE7: number; lonE7: number };

/** A receiver without a fix claims no position, whatever else it reports. */
function fixOf({ report: { packet } }: GnssContext): Fix | undefined {
  const { gnss } = packet;
  const isFix = gnss !== null && gnss.fixMode >= FIX_2D && gnss.latE7 !== null && gnss.lonE7 !== null;
  return isFix ? (gnss as Fix) : undefined;
}

const isRequired = ({ judging }: GnssContext): boolean => judging.parameters.gnssRequired === 1;

const hasFlag = ({ report: { packet } }: GnssContext, flag: number): boolean =>
  packet.gnss !== null && (packet.gnss.integrityFlags & flag) !== 0;

const missing: Rule<GnssContext> = {
  reason: "gnss_missing",
  check: (context) => (isRequired(context) && context.report.packet.gnss === null ? [] : undefined),
  explain: () =>
    "This network needs a GNSS receiver and the report names none: check the GPS device in the agent's configuration and its cable.",
};

/** A rule about one integrity flag, which carries no number. */
const flagged = (reason: string, flag: number, sentence: string): Rule<GnssContext> => ({
  reason,
  check: (context): RuleAnswer => (hasFlag(context, flag) ? [] : undefined),
  explain: () => sentence,
});

const spoofed = flagged(
  "gnss_spoofed",
  INTEGRITY_FLAGS.spoofing,
  "The GNSS receiver reports spoofing (forged signals): look for a GPS repeater or simulator near the antenna.",
);

const jammed = flagged(
  "gnss_jammed",
  INTEGRITY_FLAGS.jamming,
  "The GNSS receiver reports jamming: move its antenna away from transmitters, power supplies and USB 3 cables.",
);

const clockStep = flagged(
  "gnss_clock_step",
  INTEGRITY_FLAGS.clockStep,
  "The time of the GNSS receiver jumped, as it does when signals are forged: if it happens again, check antenna and receiver.",
);

const jump = flagged(
  "gnss_jump",
  INTEGRITY_FLAGS.jump,
  "The position of the GNSS receiver jumped: give its antenna a clear view of the sky; if the hotspot was moved, assert the new place.",
);

/** An antenna fault alone does not make a receiver's position wrong. */
const antennaFault: Rule<GnssContext> = {
  reason: "gnss_antenna",
  check: (context) => (isRequired(context) && hasFlag(context, INTEGRITY_FLAGS.antenna) ? [] : undefined),
  explain: () => "The GNSS antenna is open or shorted: check its plug and cable.",
};

const noFix: Rule<GnssContext> = {
  reason: "gnss_no_fix",
  check(context) {
    if (!isRequired(context) || fixOf(context) !== undefined) return undefined;
    return [{ name: "satellites", value: context.report.packet.gnss?.satellitesUsed ?? 0 }];
  },
  explain: ({ satellites }) =>
    `The GNSS receiver has no fix (${satellites} satellites): give its antenna a clear view of the sky.`,
};

const weak: Rule<GnssContext> = {
  reason: "gnss_weak",
  check(context) {
    const { minGnssSatellites, maxGnssErrorM } = context.judging.parameters;
    const fix = fixOf(context);
    if (fix === undefined) return undefined;
    if (fix.satellitesUsed < minGnssSatellites) {
      return [
        { name: "satellites", value: fix.satellitesUsed },
        { name: "minSatellites", value: minGnssSatellites },
      ];
    }
    return fix.horizontalErrorDm !== null && fix.horizontalErrorDm > maxGnssErrorM * 10
      ? [
          { name: "errorDm", value: fix.horizontalErrorDm },
          { name: "maxErrorM", value: maxGnssErrorM },
        ]
      : undefined;
  },
  explain({ satellites, minSatellites, errorDm, maxErrorM }) {
    const fault =
      errorDm === undefined
        ? `${satellites} satellites, and at least ${minSatellites} are needed`
        : `an error of ${formatTenths(errorDm)} m, and at most ${maxErrorM} m are allowed`;
    return `The GNSS fix is weak (${fault}): give the antenna a clear view of the sky.`;
  },
};

const position: Rule<GnssContext> = {
  reason: "gnss_position",
  check(context) {
    const fix = fixOf(context);
    if (fix === undefined) return undefined;
    const errorM = Math.ceil((fix.horizontalErrorDm ?? 0) / 10);
    const offM = distanceM(fix, context.hotspot);
    const allowedM = context.judging.parameters.maxGnssDistanceM + errorM;
    return offM > allowedM
      ? [
          { name: "offM", value: offM },
          { name: "allowedM", value: allowedM },
        ]
      : undefined;
  },
  explain: ({ offM, allowedM }) =>
    `The GNSS receiver is ${offM} m from the asserted position (${allowedM} m are allowed): assert where the hotspot really stands.`,
};

/** The receiver's own alarms come first: with forged signals the rest has no meaning. */
export const GNSS_RULES: readonly Rule<GnssContext>[] = [
  missing,
  spoofed,
  jammed,
  clockStep,
  jump,
  antennaFault,
  noFix,
  weak,
  position,
];
