/** Helium's last proof-of-coverage rules as pure functions: the baseline `helium-2026`, for whoever checks or compares. */

export { fixed, formatFixed } from "./decimal.ts";
export * from "./density.ts";
export * from "./helium/beacon.ts";
export { HELIUM_BEACON_RECIPROCITY, HELIUM_BEACON_RULES } from "./helium/beacon-rules.ts";
export { chacha12Words } from "./helium/chacha12.ts";
export * from "./helium/data-credits.ts";
export * from "./helium/denylist.ts";
export * from "./helium/distance.ts";
export { type HeliumEpochJudgement, judgeHeliumEpoch } from "./helium/epoch.ts";
export * from "./helium/epoch-split.ts";
export { type HeliumHistory, heliumHistory } from "./helium/history.ts";
export * from "./helium/judge.ts";
export { isFrequencyOff } from "./helium/link-rules.ts";
export * from "./helium/order.ts";
export * from "./helium/propagation.ts";
export * from "./helium/public-key.ts";
export { helium2026 } from "./helium/rule-set.ts";
export { settleHeliumEpoch } from "./helium/settle.ts";
export * from "./helium/timing.ts";
export * from "./helium/types.ts";
export { HELIUM_WITNESS_RECIPROCITY, HELIUM_WITNESS_RULES } from "./helium/witness-rules.ts";
export { beaconerUnits, UNIT_SCALE, witnessUnits } from "./rewards.ts";
