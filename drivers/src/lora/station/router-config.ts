import { REGIONS, type RegionId } from "@earshot/protocol/hotspot";
import { planRadios, type RadioPlan } from "./radio-plan.ts";
import { STATION_REGIONS, type StationDataRate } from "./station-regions.ts";

export interface RouterConfigOptions {
  region: RegionId;
  /** Conducted power of every transmission, dBm. */
  powerDbm: number;
  /** Host time, ms since the Unix epoch. */
  nowMs: number;
}

/**
 * The answer to a station's `version`: eight (KR920: seven) channels of 125 kHz, all spreading factors, nothing
 * filtered, and the limits of the region kept by the station too (`nocca`, `nodc`, `nodwell` are false).
 *
 * Station sends everything at the EIRP of its region less the `antenna_gain` of its radio; here that field is what
 * lies between the two, so that the conducted power is `powerDbm`. It overrides the one in `station.conf`.
 */
export function routerConfig({ region: id, powerDbm, nowMs }: RouterConfigOptions): object {
  const region = REGIONS[id];
  const { name, eirpDbm, dataRates } = STATION_REGIONS[id];
  return {
    msgtype: "router_config",
    NetID: null,
    JoinEui: null,
    region: name,
    hwspec: "sx1301/1",
    freq_range: region.rangeHz,
    max_eirp: eirpDbm,
    DRs: dataRates.map(writeDataRate),
    sx1301_conf: [concentratorConfig(planRadios(region.beaconChannelsHz), eirpDbm - powerDbm)],
    nocca: false,
    nodc: false,
    nodwell: false,
    MuxTime: nowMs / 1000,
  };
}

/** [spreading factor, kHz, downlink only]; 0 stands for FSK and −1 for none. */
function writeDataRate(rate: StationDataRate): [number, number, number] {
  if (rate === null) return [-1, 0, 0];
  if (rate.modulation === "fsk") return [0, 0, 0];
  return [rate.spreadingFactor, rate.bandwidthHz / 1000, rate.downlinkOnly === true ? 1 : 0];
}

function concentratorConfig(plan: RadioPlan, antennaGainDb: number): Record<string, object> {
  const gain = Math.round(antennaGainDb * 100) / 100;
  const [firstHz, secondHz] = plan.radioHz;
  const isUsed = (radio: number) => plan.channels.some((channel) => channel.radio === radio);
  return {
    radio_0: { enable: true, freq: firstHz, antenna_gain: gain },
    radio_1: { enable: isUsed(1), freq: secondHz, antenna_gain: gain },
    chan_FSK: { enable: false },
    chan_Lora_std: { enable: false },
    ...Object.fromEntries(
      Array.from({ length: 8 }, (_, index) => [`chan_multiSF_${index}`, channel(plan, index)]),
    ),
  };
}

function channel({ channels }: RadioPlan, index: number): object {
  const planned = channels[index];
  if (planned === undefined) return { enable: false };
  return { enable: true, radio: planned.radio, if: planned.offsetHz };
}
