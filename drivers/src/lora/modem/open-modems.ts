import type { ByteLink, OpenByteLink } from "../../driver.ts";
import { type ModemRadio, type OpenModemOptions, openModem } from "./modem-radio.ts";
import { RAK3172 } from "./rak3172.ts";
import { RN2483 } from "./rn2483.ts";
import { rylr998 } from "./rylr998.ts";

/**
 * A serial modem as a radio: identified, set to point-to-point mode, kept receiving on one channel.
 *
 * - Frames bear the channel it is set to and the host's time; a modem has no counter and no GPS time. A `RadioStatus`
 *   comes one second after it first listens and every 30 s; errors on air count as `rxBad`.
 * - Each minute it is asked whether it is still as it was set. After a reset it is set again. One that does not
 *   answer three times, answers nonsense or refuses a setting ends the iteration with a `LinkLostError` that says so;
 *   `modem().state` keeps the kind.
 * - `transmit()` changes channel and power for the one frame and comes back; while it sends, it hears nothing. Power
 *   goes down to what the module or `maxPowerDbm` allows, never up. Errors: `NOT_READY` while it is being set,
 *   `TX_POWER` (less was asked than the module can do, or what it has no setting for), `NO_ACK` (handed over, and not confirmed: may be on air),
 *   `MODEM_RESET`, `QUEUE_FULL`, `CLOSED`, else the module's own words.
 *
 * @throws {RangeError} for a channel that the module does not have
 */
type OpenModem<O extends OpenModemOptions = OpenModemOptions> = (
  link: ByteLink | OpenByteLink,
  options: O,
) => ModemRadio;

/** RAK3172, RAK3272, RAK4630 and kin with AT commands: RUI3 at 115200 baud, firmware 1.0.4 and older at 9600. */
export const openRak3172: OpenModem = (link, options) => openModem(RAK3172, link, options);

/** Microchip RN2483 (433 and 868 MHz) and RN2903 (915 MHz), 57600 baud. */
export const openRn2483: OpenModem = (link, options) => openModem(RN2483, link, options);

export interface OpenRylrOptions extends OpenModemOptions {
  /** 3 to 15 or 18, the factory's; only modules with the same one hear each other. */
  networkId?: number;
  /** 0 unless given. */
  address?: number;
}

/**
 * Reyax RYLR998 and RYLR498, 115200 baud.
 *
 * It wraps what it sends in 8 bytes of its own, and neither these nor the sync word can be set: its frames are not those
 * of other radios, so it can neither witness their beacons nor be witnessed by them. Only modules of its kind hear each other;
 * frames travel between them as hex text, because the module accepts text only. `ownAirFormat` says so in each status.
 *
 * @throws {RangeError} for a network id or address that no module has
 */
export const openRylr998: OpenModem<OpenRylrOptions> = (link, options) => {
  const { networkId = 18, address = 0, ...rest } = options;
  return openModem(rylr998({ networkId, address }), link, rest);
};
