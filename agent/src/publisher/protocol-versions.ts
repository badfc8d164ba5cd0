import type { Clock, Log } from "@earshot/protocol/hotspot";
import { codeOf } from "./mqtt-advice.ts";

/** As CONNECT has it: 4 is MQTT 3.1.1, 5 is 5.0. */
export type ProtocolVersion = 4 | 5;

/** A broker that spoke 3.1.1 only is asked for 5 again in the first session after so long: it may have been renewed. */
const ASK_AGAIN_MS = 6 * 3_600_000;

/**
 * What a broker that knows no MQTT 5 does with its CONNECT: says so (MQTT 5.0 §3.2.2.2, 3.1.1 §3.2.2.3), closes
 * (RabbitMQ before 3.13), stays silent, or answers what cannot be read as MQTT 5. One that cannot be reached, does not
 * let us in, or speaks no MQTT at all is not old.
 */
const OLD = new Set(["1", "132", "EARSHOT_CLOSED", "EARSHOT_SILENT", "EARSHOT_ODD_CONNACK"]);

export const isOldBroker = (error: unknown): boolean => OLD.has(codeOf(error));

/** Which version of MQTT to speak next with one broker. */
export class ProtocolVersions {
  readonly #fixed: ProtocolVersion | undefined;
  readonly #clock: Pick<Clock, "elapsedMs">;
  readonly #log: Log;
  #known: ProtocolVersion = 5;
  #askedFor5Ms = 0;

  constructor(fixed: ProtocolVersion | undefined, clock: Pick<Clock, "elapsedMs">, log: Log) {
    this.#fixed = fixed;
    this.#clock = clock;
    this.#log = log;
  }

  /** For the next session: the first one, and what is tried at once if the broker turns out not to speak that. */
  next(): [first: ProtocolVersion, other?: ProtocolVersion] {
    if (this.#fixed !== undefined) return [this.#fixed];
    const isDue = this.#clock.elapsedMs() - this.#askedFor5Ms >= ASK_AGAIN_MS;
    if (this.#known === 4 && !isDue) return [4, 5];
    this.#askedFor5Ms = this.#clock.elapsedMs();
    return [5, 4];
  }

  /** @param why the other version was not spoken, when it was tried before */
  worked(version: ProtocolVersion, why: unknown): void {
    if (version === 4 && this.#known === 5 && this.#fixed === undefined) {
      this.#log("warn", "The broker speaks no MQTT 5; going on with 3.1.1", {
        why: why instanceof Error ? why.message : String(why),
        orSet: '[broker] mqtt_version = "3.1.1"',
      });
    }
    this.#known = version;
  }
}
