import { receiptMessage } from "@earshot/protocol";
import type { CoreContext } from "../core-context.ts";

/** Packets acknowledged this long before a receipt was made should be in it. */
const graceMs = (statusPeriodMs: number): number => Math.min(30_000, statusPeriodMs / 2);

/** The gateway says what it has: the outbox forgets that. Returns why the message was refused, if it was. */
export function takeReceipt(context: CoreContext, bytes: Uint8Array): string | undefined {
  const { config, clock, outbox, toPublish } = context;
  const opened = receiptMessage.open(bytes, config.network.name, config.network.publicKey);
  if (!opened.ok) return opened.code;
  // A receipt may come late, from before the last reconnect: it knows nothing of what was handed over since.
  const madeAtMs = Math.min(clock.now(), opened.value.atMs);
  outbox.confirm(opened.value.stored, madeAtMs - graceMs(config.statusPeriodMs));
  toPublish.notify();
  return undefined;
}
