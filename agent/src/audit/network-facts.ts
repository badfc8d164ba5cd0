import { NetworkKeys } from "@earshot/protocol/hotspot";
import { type NetworkParameters, parametersMessage } from "@earshot/protocol/omission";
import { z } from "zod";
import type { GatewayApi } from "./gateway-api.ts";

/** What an audit takes from the gateway, signed all of it. */
export interface NetworkFacts {
  network: string;
  keys: NetworkKeys;
  keyDocuments: Uint8Array[];
  /** Deadlines and epochs: the same in every version. */
  parameters: NetworkParameters;
  signedParameters: Uint8Array;
}

const base64 = z.base64().transform((text) => Uint8Array.fromBase64(text));
const signedPage = z.object({ message: base64 });
const keysPage = z.object({ documents: z.array(signedPage) });
const parametersPage = z.object({ versions: z.array(signedPage) });

/** @param root the network's key, as the configuration pins it @throws {Error} */
export async function networkFacts(
  api: GatewayApi,
  { name: network, publicKey: root }: { name: string; publicKey: Uint8Array },
): Promise<NetworkFacts> {
  const documents = keysPage.parse((await api.json("/api/v1/keys")) ?? { documents: [] }).documents;
  const keyDocuments = documents.map(({ message }) => message);
  const read = NetworkKeys.read(network, root, keyDocuments);
  if (!read.ok) throw new Error(`the gateway's key documents are not the network's: ${read.why}`);
  const { versions } = parametersPage.parse((await api.json("/api/v1/parameters")) ?? { versions: [] });
  for (const { message } of versions) {
    const opened = parametersMessage.open(message, network, read.keys);
    if (opened.ok && opened.value.network === network) {
      return { network, keys: read.keys, keyDocuments, parameters: opened.value, signedParameters: message };
    }
  }
  throw new Error(
    "none of the gateway's parameters is signed by the network: is it another network's gateway?",
  );
}
