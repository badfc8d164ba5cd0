import { path, text } from "@earshot/protocol/runtime/config";
import { radioKind, type TlsFiles } from "../../devices/device-kind.ts";
import { addressOf, listen } from "../../devices/fields.ts";
import { listenBasicsStation } from "./basics-station.ts";

/** Where stations are waited for. */
export const BASICS_STATION_LISTEN = "127.0.0.1:1887";

export const basicsStation = radioKind({
  type: "basics-station",
  description: "LoRa Basics Station",
  keys: {
    listen: listen.default(BASICS_STATION_LISTEN),
    token: text("the text that stations send after Authorization:").optional(),
    cert_file: path.optional(),
    key_file: path.optional(),
    client_ca_file: path.optional(),
  },
  problem({ cert_file: cert, key_file: key, client_ca_file: clientCa }, section) {
    if ((cert === undefined) !== (key === undefined)) {
      return `${section}.cert_file and ${section}.key_file belong together: set both or neither`;
    }
    const isOpen = cert === undefined && clientCa !== undefined;
    return isOpen
      ? `${section}.client_ca_file needs ${section}.cert_file and ${section}.key_file`
      : undefined;
  },
  settings({ listen, token, ...files }, { region, maxPowerDbm, pathOf }) {
    const { cert_file: cert, key_file: key, client_ca_file: clientCa } = files;
    const tls: { tls?: TlsFiles } =
      cert === undefined || key === undefined
        ? {}
        : {
            tls: {
              ...{ certFile: pathOf(cert), keyFile: pathOf(key) },
              ...(clientCa === undefined ? {} : { clientCaFile: pathOf(clientCa) }),
            },
          };
    return {
      ...{ listen: addressOf(listen), region },
      /** Conducted; a station sends everything with one power. */
      powerDbm: maxPowerDbm,
      ...(token === undefined ? {} : { token }),
      ...tls,
    };
  },
  async open({ listen, region, powerDbm, token, tls }, { clock, log, gpsTimeMs, certificates }) {
    const files = tls && certificates(tls);
    const radio = await listenBasicsStation({
      ...{ ...listen, region, powerDbm, clock, log },
      ...(gpsTimeMs === undefined ? {} : { gpsTimeMs }),
      ...(token === undefined ? {} : { tokens: [token] }),
      ...(files === undefined ? {} : { tls: () => files.read() }),
    });
    return Object.assign(radio, {
      concentrators: () => radio.stations(),
      cautions: () =>
        [radio.certificateProblem(), ...(files?.doubts() ?? [])].filter((one) => one !== undefined),
    });
  },
  /** basicstation issue 26: Station 2.0.6 and earlier invert the polarity of all they send. */
  cannotBeacon:
    "Basics Station sends with the polarity meant for devices, so no other hotspot would hear them",
  rows: [
    {
      device:
        "any concentrator with Semtech's LoRa Basics Station 2.0.x (SX1301, SX1302, SX1308): **hears beacons, cannot send ones that other hotspots hear**",
      wiring:
        "the station's own (SPI or USB); `tc.uri` of the one line `ws://127.0.0.1:1887`; with tokens, `tc.key` of the one line `Authorization: Bearer TOKEN`, which it sends over TLS only; with TLS, `wss://…` and the server's certificate in `tc.trust`",
      config: [`listen = "${BASICS_STATION_LISTEN}"`],
      testedWith:
        "the recording of a real station 2.0.6 over a stub radio; scripted stations on real WebSockets and TLS",
    },
  ],
});
