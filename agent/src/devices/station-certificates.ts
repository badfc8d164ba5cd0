import type { StationTls, TlsFiles } from "@earshot/drivers";
import type { Clock } from "@earshot/protocol/hotspot";
import { errorText, readTlsFiles } from "@earshot/protocol/runtime";
import { DeviceTroubleError } from "./trouble.ts";

const FILE_NAMES = { ca: "[lora] client_ca_file", cert: "[lora] cert_file", key: "[lora] key_file" };

/** Reads certificate, key and client authority again each time; knows what is doubtful about them, as that one expired. */
export function stationCertificates({ certFile, keyFile, clientCaFile }: TlsFiles, clock: Clock) {
  const files = { cert: certFile, key: keyFile, ca: clientCaFile };
  let latest: readonly string[] = [];
  return {
    doubts: () => latest,
    async read(): Promise<StationTls> {
      try {
        const pems = await readTlsFiles(files, FILE_NAMES, clock.now());
        const { ca, cert = "", key = "", doubts } = pems;
        latest = doubts;
        return { certificate: cert, key, ...(ca === undefined ? {} : { clientCa: ca }) };
      } catch (error) {
        throw new DeviceTroubleError("certificate", errorText(error), { cause: error });
      }
    },
  };
}
