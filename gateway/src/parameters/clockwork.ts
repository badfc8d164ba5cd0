import type { FIXED_PARAMETERS, NetworkParameters } from "@earshot/protocol";

/**
 * The values that all versions of a network's parameters share. Whoever needs no more than these (entropy, filing,
 * deadlines, claims) takes them from any version; all else depends on the epoch.
 */
export type Clockwork = Pick<NetworkParameters, (typeof FIXED_PARAMETERS)[number]>;
