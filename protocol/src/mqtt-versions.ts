import type { Clock } from "./clock.ts";

/** As CONNECT has it: 4 is MQTT 3.1.1, 5 is 5.0. */
export type MqttVersion = 4 | 5;

/** A broker that spoke 3.1.1 only is asked for 5 again in the first session after so long: it may have been renewed. */
const ASK_AGAIN_MS = 6 * 3_600_000;

/**
 * Which version of MQTT to speak next with one broker. One that knows no MQTT 5 says so (MQTT 5.0 §3.2.2.2, 3.1.1
 * §3.2.2.3), closes (RabbitMQ before 3.13) or stays silent (amqtt): what counts as that is the caller's.
 */
export class MqttVersions {
  readonly #fixed: MqttVersion | undefined;
  readonly #clock: Pick<Clock, "elapsedMs">;
  #known: MqttVersion = 5;
  #askedFor5Ms = 0;

  /** @param fixed the only one that may be spoken */
  constructor(fixed: MqttVersion | undefined, clock: Pick<Clock, "elapsedMs">) {
    this.#fixed = fixed;
    this.#clock = clock;
  }

  /** For the next session: the first one, and what is tried at once if the broker turns out not to speak that. */
  next(): [first: MqttVersion, other?: MqttVersion] {
    if (this.#fixed !== undefined) return [this.#fixed];
    const isDue = this.#clock.elapsedMs() - this.#askedFor5Ms >= ASK_AGAIN_MS;
    if (this.#known === 4 && !isDue) return [4, 5];
    this.#askedFor5Ms = this.#clock.elapsedMs();
    return [5, 4];
  }

  /** A session came about. Returns whether it is news that the broker does not speak MQTT 5. */
  worked(version: MqttVersion): boolean {
    const isNews = version === 4 && this.#known === 5 && this.#fixed === undefined;
    this.#known = version;
    return isNews;
  }
}
