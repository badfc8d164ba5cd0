import { airtimeMs } from "@earshot/protocol/hotspot";
import type { LoraTransmission, TransmitResult } from "../lora-reading.ts";
import { checkChannel, type ModemDialect, type ModemTuning } from "./dialect.ts";
import type { ModemCommands } from "./modem-commands.ts";
import { ModemFaultError, ModemResetError } from "./modem-faults.ts";
import type { ModemPort } from "./modem-port.ts";

export interface TransmitContext {
  commands: ModemCommands;
  dialect: ModemDialect;
  port: ModemPort;
  maxPowerDbm: number;
  begin(): void;
  /** False when it lacks the power. */
  tune(tuning: ModemTuning): Promise<boolean>;
  goHome(): Promise<void>;
}

/** How long a module may take, beyond the time on air, to confirm a transmission. */
const GRACE_MS = 3_000;

/** @throws {RangeError} for what the module cannot send, naming what is allowed */
export function checkTransmission(dialect: ModemDialect, transmission: LoraTransmission): void {
  const { name, limits } = dialect;
  checkChannel(name, limits, transmission);
  const { length } = transmission.bytes;
  if (length < 1 || length > limits.maxFrameBytes) {
    throw new RangeError(`${name}: frame has ${length} bytes; allowed are 1 to ${limits.maxFrameBytes}`);
  }
  if (!Number.isFinite(transmission.powerDbm)) {
    throw new RangeError(`${name}: power is ${transmission.powerDbm} dBm; allowed are finite numbers`);
  }
}

/** Leaves the channel it listens on, sends, and comes back, whatever became of it. Power is never above what was asked. */
export async function transmitFrame(
  context: TransmitContext,
  transmission: LoraTransmission,
): Promise<TransmitResult> {
  const { dialect, maxPowerDbm } = context;
  const powerDbm = Math.min(Math.floor(transmission.powerDbm), maxPowerDbm);
  if (powerDbm < dialect.limits.powerDbm[0]) return { sent: false, error: "TX_POWER" };
  context.begin();
  const progress = { isGiven: false };
  try {
    const error = await send(context, transmission, powerDbm, progress);
    await context.goHome();
    return error === undefined ? { sent: true, powerDbm } : { sent: false, error };
  } catch (error) {
    if (!(error instanceof ModemResetError)) throw error;
    return { sent: false, error: progress.isGiven ? "NO_ACK" : "MODEM_RESET" };
  }
}

/** `undefined` once it is sent, else why not. */
async function send(
  { commands, dialect, port, tune }: TransmitContext,
  { bytes, freqHz, spreadingFactor, bandwidthHz }: LoraTransmission,
  powerDbm: number,
  progress: { isGiven: boolean },
): Promise<string | undefined> {
  if (dialect.stop !== undefined) await commands.request(dialect.stop);
  try {
    if (!(await tune({ freqHz, spreadingFactor, bandwidthHz, powerDbm }))) return "TX_POWER";
  } catch (error) {
    if (error instanceof ModemFaultError && error.fault === "refused") return error.message;
    throw error;
  }
  const onAirMs = airtimeMs({
    spreadingFactor: Math.max(7, spreadingFactor),
    bandwidthHz,
    payloadBytes: bytes.length,
  });
  const waitMs = Math.ceil(onAirMs) + GRACE_MS;
  let refusal: string | undefined;
  const isSent = await port.transmission(waitMs, async () => {
    progress.isGiven = true;
    const command = dialect.send(bytes);
    const answer = await commands.requestOnce(
      dialect.confirmsTransmission ? command : { ...command, timeoutMs: waitMs },
    );
    if (answer.status === "ok") return dialect.confirmsTransmission;
    refusal = "text" in answer ? answer.text : "NO_ACK";
    return false;
  });
  if (refusal !== undefined) return refusal;
  if (isSent === false) return "radio_err";
  return isSent || !dialect.confirmsTransmission ? undefined : "NO_ACK";
}
