import { type AirFrame, ScriptedModem } from "./test-modem.ts";

const OK = "+OK\r\n";

/** A RYLR998: it always listens, says nothing of addresses that are not its own, and takes text only. */
export class TestRylr998 extends ScriptedModem {
  protected readonly busyText = "+ERR=17\r\n";
  #settings = new Map([
    ["MODE", "0"],
    ["NETWORKID", "18"],
    ["ADDRESS", "0"],
    ["BAND", "915000000"],
    ["PARAMETER", "9,7,1,12"],
    ["CRFOP", "22"],
  ]);

  get isListening(): boolean {
    return this.#settings.get("MODE") === "0";
  }

  /** Frames from another of our drivers travel as marked hex digits. */
  hear({ bytes, rssiDbm, snrDb }: AirFrame): string {
    return this.hearText(`0x${bytes.toHex()}`, rssiDbm, snrDb);
  }

  /** Data as any other program sends it. */
  hearText(data: string, rssiDbm = -99, snrDb = 11): string {
    return `+RCV=50,${data.length},${data},${rssiDbm},${snrDb}\r\n`;
  }

  hearDamaged(): string {
    return "+ERR=12\r\n";
  }

  /** All but the power is forgotten with the settings it keeps in memory. */
  reset(): string {
    this.#settings.set("BAND", "915000000");
    return "+RESET\r\n+READY\r\n";
  }

  protected isSetting(command: string): boolean {
    return command.includes("=");
  }

  protected obey(command: string): string {
    if (command === "AT") return OK;
    if (command === "AT+VER?") return "+VER=RYLR998_REYAX_V1.2.2\r\n";
    const [, asked] = /^AT\+([A-Z]+)\?$/.exec(command) ?? [];
    if (asked !== undefined) {
      const value = this.#settings.get(asked);
      return value === undefined ? "+ERR=4\r\n" : `+${asked}=${value}\r\n`;
    }
    const [, name = "", value = ""] = /^AT\+([A-Z]+)=(.*)$/.exec(command) ?? [];
    if (name === "SEND") return this.#send(value);
    if (!this.#settings.has(name)) return "+ERR=4\r\n";
    this.#settings.set(name, value);
    return OK;
  }

  #send(value: string): string {
    const [, length, data = ""] = /^\d{1,5},(\d{1,3}),(.*)$/.exec(value) ?? [];
    if (Number(length) !== data.length) return "+ERR=5\r\n";
    if (data.length > 240) return "+ERR=13\r\n";
    const tuning = ["BAND", "PARAMETER", "CRFOP"].map((name) => this.#settings.get(name)).join(" ");
    this.sent.push({ hex: data, tuning });
    return OK;
  }
}
