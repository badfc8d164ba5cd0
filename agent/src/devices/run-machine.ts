import { type Driver, type LinuxReading, quantitiesOf } from "@earshot/drivers";
import type { CoreContext } from "../core/core-context.ts";
import type { ReadingSummary } from "../reports/reading-packets.ts";
import type { OpenDevice } from "./supervise.ts";
import { supervise } from "./supervise.ts";

/** Keeps an eye on the computer itself. */
export function runMachine(
  context: CoreContext,
  open: OpenDevice<Driver<LinuxReading>>,
  summary: ReadingSummary,
  signal: AbortSignal,
): Promise<void> {
  return supervise<LinuxReading, Driver<LinuxReading>>(
    context,
    {
      key: "machine",
      open,
      onReading: (reading, elapsedMs) => {
        context.board.addMachine(reading, elapsedMs);
        summary.addAll(quantitiesOf(reading));
      },
      probe: (machine) => ({ name: machine.name, counts: () => machine.counts() }),
    },
    signal,
  );
}
