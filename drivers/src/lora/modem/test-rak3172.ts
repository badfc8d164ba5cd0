import { type AirFrame, ScriptedModem } from "./test-modem.ts";

const OK = "\r\nOK\r\n";
const PARAM_ERROR = "\r\nAT_PARAM_ERROR\r\n";
const BUSY = "P2P_RX_ON already, please disable P2P RX before setting. AT_BUSY_ERROR\r\n";

/** A RAK3172 as it comes: in LoRaWAN mode, with the private sync word, receiving from the start in P2P mode. */
export class TestRak3172 extends ScriptedModem {
  protected readonly busyText = BUSY;
  /** What survives a reset: it is in flash. */
  #mode = "1";
  #flash = new Map([
    ["SYNCWORD", "1424"],
    ["IQINVER", "0"],
    ["ENCRY", "1"],
    ["FIXLENGTHPAYLOAD", "0"],
  ]);
  #receive = 0;
  #p2p = "868000000:7:125:0:8:14";

  get isListening(): boolean {
    return this.#mode === "0" && this.#receive > 0;
  }

  hear({ bytes, rssiDbm, snrDb }: AirFrame): string {
    if (!this.isListening) return "";
    if (this.#receive === 65_535) this.#receive = 0;
    const hex = bytes.toHex();
    if (this.options.old) return `+EVT:RXP2P, RSSI ${rssiDbm}, SNR ${snrDb}\r\n+EVT:${hex.toUpperCase()}\r\n`;
    return `;+EVT:RXP2P:${rssiDbm}:${snrDb}:${hex.slice(0, 2).toUpperCase()}${hex.slice(2)}\r\n`;
  }

  hearDamaged(): string {
    if (!this.isListening) return "";
    if (this.#receive === 65_535) this.#receive = 0;
    return "+EVT:RXP2P RECEIVE ERROR\r\n";
  }

  reset(): string {
    this.#receive = this.#mode === "0" && !this.options.old ? 65_534 : 0;
    this.#p2p = "868000000:7:125:0:8:14";
    const mode = this.#mode === "0" ? "LoRa P2P" : "LoRaWAN";
    return `\r\nRAKwireless RAK3172-E Example\r\n-------\r\nCurrent Work Mode: ${mode}.\r\n`;
  }

  /** Stops receiving, as after an error that it does not report. */
  stopSilently(): void {
    this.#receive = 0;
  }

  protected isSetting(command: string): boolean {
    return command.includes("=") && !command.endsWith("=?") && !command.startsWith("AT+PRECV");
  }

  protected obey(command: string): string {
    const [, name = "", value = ""] = /^AT\+([A-Z0-9]+)=(.*)$/.exec(command) ?? [];
    if (value === "?") return this.#query(name);
    if (name === "PRECV") return this.#setReceive(Number(value));
    if (name === "NWM") return this.#setMode(value);
    if (this.isListening) return BUSY;
    if (name === "P2P") return this.#setP2p(value);
    if (name === "PSEND") return this.#send(value);
    if (!this.#has(name)) return "AT_COMMAND_NOT_FOUND\r\n";
    this.#flash.set(name, value);
    return OK;
  }

  /** The firmware before RUI3 knows neither of these, and answers with the bare value. */
  #has(name: string): boolean {
    return this.#flash.has(name) && !this.options.old;
  }

  #query(name: string): string {
    const version = this.options.old ? "V1.0.4" : "RUI_4.1.0_RAK3172-E";
    const own: Record<string, string> = { VER: version, NWM: this.#mode, PRECV: `${this.#receive}` };
    const value = own[name] ?? (this.#has(name) ? this.#flash.get(name) : undefined);
    if (value === undefined) return "AT_COMMAND_NOT_FOUND\r\n";
    return this.options.old ? `${value}\r\n${OK}` : `AT+${name}=${value}\r\n${OK}`;
  }

  #setReceive(value: number): string {
    if (this.#mode !== "0") return "\r\nAT_ERROR\r\n";
    if (value > 0 && this.#receive > 0) return BUSY;
    if (this.options.old && value === 65_534) return PARAM_ERROR;
    this.#receive = value;
    return OK;
  }

  #setMode(value: string): string {
    if (value === this.#mode) return OK;
    this.#mode = value;
    return OK + this.reset();
  }

  #setP2p(value: string): string {
    const bandwidth = value.split(":")[2];
    if ((bandwidth === "0") !== (this.options.old === true)) return PARAM_ERROR;
    this.#p2p = value;
    return OK;
  }

  #send(hex: string): string {
    if (!/^([0-9a-f]{2})+$/i.test(hex)) return PARAM_ERROR;
    this.sent.push({ hex: hex.toLowerCase(), tuning: `${this.#p2p} sync ${this.#flash.get("SYNCWORD")}` });
    return `${OK}+EVT:TXP2P DONE\r\n`;
  }
}
