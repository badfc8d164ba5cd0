import { radioKind } from "../devices/device-kind.ts";
import { addressOf, listen } from "../devices/fields.ts";
import { listenSemtechUdp } from "./semtech-udp.ts";

/** Where packet forwarders are waited for. */
export const SEMTECH_UDP_LISTEN = "127.0.0.1:1700";

export const semtechUdp = radioKind({
  type: "semtech-udp",
  description: "Semtech packet forwarder",
  keys: { listen: listen.default(SEMTECH_UDP_LISTEN) },
  settings: (keys, { region }) => ({ listen: addressOf(keys.listen), region }),
  async open({ listen, region }, { clock, log }) {
    const radio = await listenSemtechUdp({ ...listen, region, clock, log });
    return Object.assign(radio, { concentrators: () => radio.forwarders() });
  },
  rows: [
    {
      device:
        "any concentrator (SX1301, SX1302, SX1303) with Semtech's packet forwarder or one that speaks its protocol",
      wiring:
        'the forwarder\'s own (SPI or USB); in its `global_conf.json`: `"server_address": "127.0.0.1"`, both `serv_port` 1700',
      config: [`listen = "${SEMTECH_UDP_LISTEN}"`],
      testedWith:
        "every datagram of sx1302_hal 2.1.0 over a stub radio; other forwarders' habits from reports",
    },
  ],
});
