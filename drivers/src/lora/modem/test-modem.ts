/** A frame on air at the modem's antenna. */
export interface AirFrame {
  bytes: Uint8Array;
  rssiDbm: number;
  snrDb: number;
}

export interface TestModemOptions {
  /** The least power it has a setting for. */
  leastDbm?: number;
  /** Answers so many settings with "busy" before it takes one. */
  busy?: number;
  /** Says every command back. */
  echo?: boolean;
  /** Answers nothing. */
  silent?: boolean;
  /** Leaves so many commands unanswered. */
  deafTo?: number;
  /** Firmware before RUI3, or before RSSI could be asked. */
  old?: boolean;
}

/** What a modem sent on air. */
export interface SentFrame {
  hex: string;
  tuning: string;
}

/** A modem made of software: what is written to it, it answers and does as its manual and its users say. */
export interface TestModem {
  readonly sent: SentFrame[];
  /** Commands taken, in order. */
  readonly heard: string[];
  readonly isListening: boolean;
  /** What comes back for `bytes`, which may end anywhere in a command. */
  answer(bytes: Uint8Array): string;
  /** What it says of a frame: nothing when it does not listen. */
  hear(frame: AirFrame): string;
  /** What it says of a frame with a bad CRC. */
  hearDamaged(): string;
  /** It loses its current: what was set is gone. */
  reset(): string;
}

const TEXT = new TextDecoder();

/** The part that all have: lines, echo, silence and being busy. */
export abstract class ScriptedModem implements TestModem {
  readonly sent: SentFrame[] = [];
  readonly heard: string[] = [];
  protected readonly options: TestModemOptions;
  #held = "";
  #busy: number;
  #deafTo: number;

  constructor(options: TestModemOptions) {
    this.options = options;
    this.#busy = options.busy ?? 0;
    this.#deafTo = options.deafTo ?? 0;
  }

  abstract readonly isListening: boolean;
  abstract hear(frame: AirFrame): string;
  abstract hearDamaged(): string;
  abstract reset(): string;
  protected abstract obey(command: string): string;
  protected abstract readonly busyText: string;
  /** Only what sets or sends can be busy. */
  protected abstract isSetting(command: string): boolean;

  answer(bytes: Uint8Array): string {
    this.#held += TEXT.decode(bytes);
    let said = "";
    for (let end = this.#held.indexOf("\r\n"); end >= 0; end = this.#held.indexOf("\r\n")) {
      const command = this.#held.slice(0, end);
      this.#held = this.#held.slice(end + 2);
      said += this.#answerTo(command);
    }
    return said;
  }

  #answerTo(command: string): string {
    this.heard.push(command);
    if (this.options.silent) return "";
    if (this.#deafTo > 0) {
      this.#deafTo -= 1;
      return "";
    }
    const echo = this.options.echo ? `${command}\r\n` : "";
    if (this.#busy > 0 && this.isSetting(command)) {
      this.#busy -= 1;
      return echo + this.busyText;
    }
    return echo + this.obey(command);
  }
}
