import type { MachineFacts } from "../board/facts.ts";
import { duration } from "./age.ts";
import { attention, broken, ok, type Part } from "./part.ts";

const TITLE = "Machine";
/** A Raspberry Pi slows itself down from 80 °C. */
const HOT_C = 80;
const FULL_PERMILLE = 900;
const BUSY_PER_CORE = 4;
const WORN_PERCENT = 90;

/** Is the computer cool, fed, and is there room on its disk? */
export function machinePart({ reading, state, reason, sinceMs }: MachineFacts, nowMs: number): Part {
  if (reading === undefined) {
    if (state !== "lost") return attention(TITLE, `Not looked at yet, for ${duration(nowMs - sinceMs)}`);
    return attention(
      TITLE,
      reason ?? "It cannot be looked at",
      "Set health = false in [machine] where it cannot.",
    );
  }
  const facts = factsText(reading);
  if (reading.underVoltage === true) {
    const advice =
      "Use the board's own power supply and a short cable; writing to the card may fail until then.";
    return broken(TITLE, `The supply voltage is too low now: ${facts}`, advice);
  }
  const usedPermille = usedOf(reading);
  if (usedPermille !== undefined && usedPermille >= FULL_PERMILLE) {
    return attention(
      TITLE,
      `The disk is nearly full: ${facts}`,
      "Make room: journalctl --vacuum-size=50M, apt clean.",
    );
  }
  const { cpuTemperatureC, load1min, cores, disks } = reading;
  if (cpuTemperatureC !== null && cpuTemperatureC >= HOT_C) {
    return attention(
      TITLE,
      `Hot: ${facts}`,
      "Shade the enclosure and let air through: from 80 °C on it slows itself down.",
    );
  }
  if (load1min !== null && load1min >= BUSY_PER_CORE * (cores ?? 1)) {
    return attention(TITLE, `Overloaded: ${facts}`, "Look what keeps it busy: top.");
  }
  const worn = disks.find(({ lifeUsedPercent }) => (lifeUsedPercent ?? 0) >= WORN_PERCENT);
  if (worn !== undefined) {
    return attention(
      TITLE,
      `The storage ${worn.device} is worn out: ${facts}`,
      "Replace the card before it fails.",
    );
  }
  if (reading.underVoltageOccurred === true) {
    return attention(
      TITLE,
      `The supply voltage was too low before: ${facts}`,
      "Use the board's own power supply.",
    );
  }
  return ok(TITLE, facts);
}

type Reading = NonNullable<MachineFacts["reading"]>;

function factsText(reading: Reading): string {
  const { cpuTemperatureC, load1min, cores } = reading;
  const used = usedOf(reading);
  const facts = [
    cpuTemperatureC === null ? undefined : `${cpuTemperatureC.toFixed(1)} °C`,
    load1min === null
      ? undefined
      : `load ${load1min.toFixed(2)}${cores === null ? "" : ` on ${cores} cores`}`,
    used === undefined ? undefined : `disk ${Math.round(used / 10)}% full`,
  ];
  return facts.filter((fact) => fact !== undefined).join(", ");
}

const usedOf = ({ diskTotalBytes: total, diskFreeBytes: free }: Reading): number | undefined =>
  total === null || free === null || total === 0 ? undefined : Math.round(1000 * (1 - free / total));
