import {
  FIXED_PARAMETERS,
  formatParameters,
  type NetworkKeys,
  type NetworkParameters,
  parametersHash,
  parametersMessage,
} from "@earshot/protocol";
import { type Check, differ, expectEqual } from "./check.ts";
import { refusedSignature, signedBy } from "./check-keys.ts";
import type { SignedManifest } from "./check-manifest.ts";

const SIGNED_FILE = "parameters.cbor";
const TEXT_FILE = "parameters.json";

/** That the network signed these very rules, and that they may be in force in the epoch. */
export function* checkParameters(
  bytes: Uint8Array,
  parameters: NetworkParameters,
  { manifest }: SignedManifest,
  keys: NetworkKeys,
): Check<void> {
  const opened = parametersMessage.open(bytes, parameters.network, keys);
  if (!opened.ok) {
    const wanted = `parameters of "${parameters.network}" ${signedBy(keys, "registry")}`;
    return yield* differ(SIGNED_FILE, "signature", wanted, refusedSignature(bytes, opened.code));
  }
  yield* checkSame(formatParameters(opened.value), formatParameters(parameters));
  const { activationEpoch } = parameters;
  if (activationEpoch > manifest.epoch) {
    yield* differ(SIGNED_FILE, "activationEpoch", `${manifest.epoch} or before`, String(activationEpoch));
  }
}

function* checkSame(signed: Record<string, unknown>, text: Record<string, unknown>): Check<void> {
  for (const name of new Set([...Object.keys(signed), ...Object.keys(text)])) {
    const [expected, found] = [JSON.stringify(signed[name]), JSON.stringify(text[name])];
    yield* expectEqual(TEXT_FILE, name, `${expected}`, `${found}`, "as signed");
  }
}

interface InForce {
  parameters: NetworkParameters;
  epoch: number;
}

/** A version lasts until a later one begins, and some values last as long as the network. */
export function* checkSuccession(current: InForce, previous: InForce): Check<void> {
  const [after, before] = [current.parameters, previous.parameters];
  if (after.version < before.version) {
    yield* differ(SIGNED_FILE, "version", `${before.version} or later`, String(after.version));
  }
  if (after.version === before.version) {
    const [expected, found] = [parametersHash(before).toHex(), parametersHash(after).toHex()];
    yield* expectEqual(SIGNED_FILE, `version ${after.version}, hash`, expected, found);
  } else if (after.activationEpoch <= previous.epoch) {
    const wanted = `after epoch ${previous.epoch}, which was judged by version ${before.version}`;
    yield* differ(SIGNED_FILE, "activationEpoch", wanted, String(after.activationEpoch));
  }
  for (const name of FIXED_PARAMETERS) {
    yield* expectEqual(SIGNED_FILE, name, String(before[name]), String(after[name]));
  }
}
