import { type AirFrame, ScriptedModem } from "./test-modem.ts";

const OK = "ok\r\n";
const INVALID = "invalid_param\r\n";
const ANSWERS: Readonly<Record<string, RegExp>> = {
  mod: /^(lora|fsk)$/,
  freq: /^(43[34]\d{6}|86[3-9]\d{6}|870000000)$/,
  sf: /^sf(7|8|9|10|11|12)$/,
  bw: /^(125|250|500)$/,
  cr: /^4\/[5-8]$/,
  pwr: /^(-[1-3]|\d|1[0-5])$/,
  crc: /^(on|off)$/,
  iqi: /^(on|off)$/,
  prlen: /^\d{1,5}$/,
  sync: /^[0-9a-f]{2}$/i,
  wdt: /^\d{1,10}$/,
};
const FACTORY = [
  ["freq", "868100000"],
  ["sf", "sf12"],
  ["bw", "125"],
  ["pwr", "1"],
  ["sync", "34"],
  ["wdt", "15000"],
] as const;

/** An RN2483 in radio mode: it forgets all at a reset, and stops receiving after each frame and each error. */
export class TestRn2483 extends ScriptedModem {
  protected readonly busyText = "busy\r\n";
  #settings = new Map<string, string>(FACTORY);
  #isPaused = false;
  #isReceiving = false;
  #last = { rssiDbm: -128, snrDb: -128 };

  get isListening(): boolean {
    return this.#isReceiving;
  }

  hear({ bytes, rssiDbm, snrDb }: AirFrame): string {
    if (!this.#isReceiving) return "";
    this.#isReceiving = false;
    this.#last = { rssiDbm, snrDb };
    return `radio_rx  ${bytes.toHex().toUpperCase()}\r\n`;
  }

  hearDamaged(): string {
    if (!this.#isReceiving) return "";
    this.#isReceiving = false;
    return "radio_err\r\n";
  }

  reset(): string {
    this.#settings = new Map(FACTORY);
    this.#isPaused = false;
    this.#isReceiving = false;
    return `${this.#version}\r\n`;
  }

  get #version(): string {
    return `RN2483 ${this.options.old ? "1.0.1 Dec 15 2015 09:38:09" : "1.0.5 Oct 31 2018 15:06:52"}`;
  }

  protected isSetting(command: string): boolean {
    return /^radio (set|tx)/.test(command);
  }

  protected obey(command: string): string {
    if (command === "sys get ver") return `${this.#version}\r\n`;
    if (command === "mac pause") {
      this.#isPaused = true;
      return "4294967245\r\n";
    }
    const [group, verb = "", name = "", ...rest] = command.split(" ");
    if (group !== "radio" || rest.length > 1) return INVALID;
    if (!this.#isPaused) return "busy\r\n";
    return this.#radio(verb, name, rest[0]);
  }

  #radio(verb: string, name: string, value: string | undefined): string {
    switch (verb) {
      case "set":
        if (value === undefined || !ANSWERS[name]?.test(value)) return INVALID;
        if (name === "pwr" && Number(value) < (this.options.leastDbm ?? -3)) return INVALID;
        this.#settings.set(name, value);
        return OK;
      case "get":
        return this.#get(name);
      case "rxstop":
        this.#isReceiving = false;
        return OK;
      case "rx":
        if (this.#isReceiving) return "busy\r\n";
        this.#isReceiving = true;
        return OK;
      case "tx":
        return this.#send(name);
      default:
        return INVALID;
    }
  }

  #get(name: string): string {
    if (name === "snr") return `${this.#last.snrDb}\r\n`;
    if (name === "rssi") return this.options.old ? INVALID : `${this.#last.rssiDbm}\r\n`;
    return `${this.#settings.get(name) ?? "invalid_param"}\r\n`;
  }

  #send(hex: string): string {
    if (this.#isReceiving) return "busy\r\n";
    if (!/^([0-9A-F]{2})+$/i.test(hex)) return INVALID;
    const tuning = ["freq", "sf", "bw", "pwr", "sync"].map((name) => this.#settings.get(name)).join(" ");
    this.sent.push({ hex: hex.toLowerCase(), tuning });
    return `${OK}radio_tx_ok\r\n`;
  }
}
