/**
 * The event stream, kept open: it notices silence (the gateway sends a heartbeat every 15 s), reopens with growing
 * pauses, and emits "resync" whenever events may have been missed; not after the first opening.
 */

const KINDS = ["hello", "heartbeat", "entropy", "hotspot", "verdicts", "epoch"];

/** Two heartbeats and some time on the way. */
export const SILENCE_MS = 35_000;
/** A short break, as when a proxy closes an old stream, is mended without alarm. */
export const GRACE_MS = 4000;
const FIRST_RETRY_MS = 2000;
const LAST_RETRY_MS = 30_000;

export class Live {
  #open;
  #clock;
  #source;
  #heardAtMs;
  #retryMs = FIRST_RETRY_MS;
  #stopRetry = () => {};
  #stopGrace;
  #stopTicks = () => {};
  #listeners = new Set();
  #isHearing = false;

  /** `open` makes an EventSource; `clock` has now, every and after. */
  constructor({ open, clock }) {
    this.#open = open;
    this.#clock = clock;
    this.state = "connecting";
  }

  /** Since anything was last heard, ms; undefined before the first time. */
  get ageMs() {
    return this.#heardAtMs === undefined ? undefined : this.#clock.now() - this.#heardAtMs;
  }

  /** Calls `listener(kind, data)` for each event, "resync" and "state" included. Returns how to stop. */
  listen(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  start() {
    this.#connect();
    this.#stopTicks = this.#clock.every(1000, () => {
      if (this.#isHearing && (this.ageMs ?? 0) > SILENCE_MS) this.#lose();
    });
  }

  stop() {
    this.#stopTicks();
    this.#stopRetry();
    this.#stopGrace?.();
    this.#source?.close();
  }

  #connect() {
    const source = this.#open();
    this.#source = source;
    for (const kind of KINDS) {
      source.addEventListener(
        kind,
        ({ data }) => this.#source === source && this.#hear(kind, JSON.parse(data)),
      );
    }
    source.onerror = () => this.#source === source && this.#break();
  }

  #hear(kind, data) {
    const hasMissed = !this.#isHearing && this.#heardAtMs !== undefined;
    this.#heardAtMs = this.#clock.now();
    this.#isHearing = true;
    this.#retryMs = FIRST_RETRY_MS;
    this.#stopGrace?.();
    this.#stopGrace = undefined;
    this.#setState("live");
    if (hasMissed) this.#emit("resync", data);
    this.#emit(kind, data);
  }

  /** The stream broke. The browser's own retries give up on some errors, so this one never relies on them. */
  #break() {
    this.#source?.close();
    this.#source = undefined;
    this.#isHearing = false;
    // Counted from the first break: a retry that fails does not prolong it.
    this.#stopGrace ??= this.#clock.after(GRACE_MS, () => this.#setState("lost"));
    this.#retry();
  }

  #lose() {
    this.#source?.close();
    this.#source = undefined;
    this.#isHearing = false;
    this.#setState("lost");
    this.#retry();
  }

  #retry() {
    this.#stopRetry();
    this.#stopRetry = this.#clock.after(this.#retryMs, () => this.#connect());
    this.#retryMs = Math.min(this.#retryMs * 1.7, LAST_RETRY_MS);
  }

  #setState(state) {
    if (state === this.state) return;
    this.state = state;
    this.#emit("state", { state });
  }

  #emit(kind, data) {
    for (const listener of [...this.#listeners]) listener(kind, data);
  }
}
