import type { Query } from "../../devices/device-kind.ts";
import { decodeUbx } from "./messages.ts";
import { MixedFramer } from "./mixed-framer.ts";
import { encodeUbxFrame } from "./ubx-frame.ts";

/** MON-VER, asked by its empty message. */
export const UBX_VERSION: Query = {
  name: "UBX MON-VER",
  baudRates: [9600, 38_400, 115_200],
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
