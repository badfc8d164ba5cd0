import { decodeUbx } from "../gps/ubx/messages.ts";
import { MixedFramer } from "../gps/ubx/mixed-framer.ts";
import { encodeUbxFrame } from "../gps/ubx/ubx-frame.ts";
import { FrameScanner } from "../link/frame-scanner.ts";
import type { ModemDialect } from "../lora/modem/dialect.ts";
import { RAK3172 } from "../lora/modem/rak3172.ts";
import { RN2483 } from "../lora/modem/rn2483.ts";
import { rylr998 } from "../lora/modem/rylr998.ts";
import { decodeShdlcAnswer, encodeShdlc, SHDLC_FORMAT } from "../sensor/shdlc.ts";
import type { DeviceType, FoundDevice } from "./found-device.ts";

/** A question that changes nothing in any device, and how its answer looks. */
export interface Query {
  name: string;
  request: Uint8Array;
  /** What answered, in everything heard since the request; `undefined` as long as nothing did. Never throws. */
  recognise(heard: Uint8Array): FoundDevice | undefined;
}

/** MON-VER, asked by its empty message. */
export const UBX_VERSION: Query = {
  name: "UBX MON-VER",
  request: encodeUbxFrame({ messageClass: 0x0a, id: 0x04, payload: new Uint8Array() }),
  recognise(heard) {
    const framer = new MixedFramer();
    for (const piece of [...framer.push(heard), ...framer.flush()]) {
      const result = piece.kind === "ubx" ? decodeUbx(piece.frame) : undefined;
      if (result?.ok !== true || result.message.kind !== "mon-ver") continue;
      const { module, generation, softwareVersion } = result.message;
      const name = module ?? (generation === undefined ? "receiver" : `generation ${generation}`);
      return { type: "ubx", description: `u-blox ${name}, ${softwareVersion}` };
    }
    return undefined;
  },
};

const ASCII = new TextDecoder("latin1");

/** Asks a modem who it is, as its driver does. */
function modemVersion(type: DeviceType, dialect: ModemDialect): Query {
  const { identify, name, isVersion } = dialect;
  return {
    name: identify.text,
    request: new TextEncoder().encode(`${identify.text}\r\n`),
    recognise(heard) {
      for (const line of ASCII.decode(heard).split(/[\r\n]+/)) {
        const version = identify.value?.exec(line.trim())?.[1];
        if (version !== undefined && isVersion(version)) return { type, description: `${name}, ${version}` };
      }
      return undefined;
    },
  };
}

export const RAK_VERSION = modemVersion("rak3172", RAK3172);
export const RYLR_VERSION = modemVersion("rylr998", rylr998({ networkId: 18, address: 0 }));
export const RN_VERSION = modemVersion("rn2483", RN2483);

const DEVICE_INFORMATION = 0xd0;

/** Device information, product type (SPS30 datasheet, section 5.3.8). */
export const SHDLC_PRODUCT: Query = {
  name: "SHDLC device information",
  request: encodeShdlc(DEVICE_INFORMATION, [0x00]),
  recognise(heard) {
    for (const frame of new FrameScanner(SHDLC_FORMAT).push(heard)) {
      const answer = decodeShdlcAnswer(frame);
      if (answer?.command !== DEVICE_INFORMATION) continue;
      const product = ASCII.decode(answer.data).replaceAll(/[^ -~]/g, "");
      return { type: "sps30", description: `Sensirion SHDLC sensor, product type ${product || "not told"}` };
    }
    return undefined;
  },
};
