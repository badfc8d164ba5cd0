import {
  beaconMessage,
  type Entropy,
  equalBytes,
  type JudgingContext,
  type NetworkParameters,
  type ReceivedPacket,
  scheduleMessage,
  windowOf,
} from "@earshot/protocol";
import { answersOf, type Check } from "./check.ts";
import {
  InlineChecker,
  type PendingSignatures,
  type SignatureChecker,
  type SignatureJob,
  VALID,
} from "./signatures.ts";

/** The two signatures in each beacon report, being checked before the rules ask for them. */
export interface BeaconSignatures {
  jobs: SignatureJob[];
  pending: PendingSignatures;
}

/** @param entropy sorted by index */
export function startBeaconSignatures(
  packets: readonly ReceivedPacket[],
  entropy: readonly Entropy[],
  { network, windowPeriods }: NetworkParameters,
  signatures: SignatureChecker,
): BeaconSignatures {
  const values = new Map(entropy.map(({ index, value }) => [index, value]));
  const firsts = new Map(
    entropy.toReversed().map(({ index, value }) => [windowOf(index, windowPeriods), value]),
  );
  const jobs: SignatureJob[] = [];
  for (const { packet, publicKey } of packets) {
    if (packet.type !== "beacon") continue;
    const { entropyIndex, scheduleSignature, beaconSignature } = packet;
    const window = windowOf(entropyIndex, windowPeriods);
    const [first, value] = [firsts.get(window), values.get(entropyIndex)];
    if (first === undefined || value === undefined) continue;
    const schedule = scheduleMessage(network, first, window);
    jobs.push({ publicKey, message: schedule, signature: scheduleSignature });
    jobs.push({ publicKey, message: beaconMessage(network, value, window), signature: beaconSignature });
  }
  return { jobs, pending: signatures.start(jobs) };
}

/** The answers as rules ask for them. */
export function* collectBeaconSignatures({
  jobs,
  pending,
}: BeaconSignatures): Check<JudgingContext["verifySignature"]> {
  return signatureAnswers(jobs, yield* answersOf(pending));
}

/** An answer counts only for the very message that it was given about; whatever else is asked is checked here. */
export function signatureAnswers(
  jobs: readonly SignatureJob[],
  answers: Uint8Array,
): JudgingContext["verifySignature"] {
  const own = new InlineChecker();
  const known = new Map(
    jobs.map(({ publicKey, message, signature }, i) => [
      publicKey.toHex() + signature.toHex(),
      { message, holds: answers[i] === VALID },
    ]),
  );
  return (publicKey, message, signature) => {
    const answer = known.get(publicKey.toHex() + signature.toHex());
    if (answer !== undefined && equalBytes(answer.message, message)) return answer.holds;
    return own.check({ publicKey, message, signature }) === VALID;
  };
}
