import { equalBytes } from "@earshot/protocol/hotspot";
import type { ConfigWarning } from "../board/agent-status.ts";
import type { Config } from "./config.ts";

/** Values of config.example.toml that every owner must replace; a test compares the two. */
const EXAMPLE = {
  name: "testnet-1",
  /** Its private key is printed in RFC 8032 §7.1, so anybody could sign for the network. */
  publicKey: Uint8Array.fromHex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"),
  latE7: 473_667_000,
  lonE7: 85_500_000,
  payee: new Uint8Array(20),
  token: "let-me-in",
};
/** Names that nobody has (RFC 2606). */
const EXAMPLE_HOST = /(^|\.)example(\.(com|net|org))?$/;

const FROM_OPERATOR = "what the network's operator gave you";

/** The values of the example that were not replaced. */
export function exampleValues({ core, broker, lora }: Config): ConfigWarning[] {
  const { network, hotspot } = core;
  const isExampleKey = equalBytes(network.publicKey, EXAMPLE.publicKey);
  const isExampleBroker = EXAMPLE_HOST.test(URL.parse(broker.url)?.hostname ?? "");
  // A network may well be called so, but not one that nothing else was written for.
  const isExampleName = network.name === EXAMPLE.name && (isExampleKey || isExampleBroker);
  const isExamplePosition = hotspot.latE7 === EXAMPLE.latE7 && hotspot.lonE7 === EXAMPLE.lonE7;
  const place = `${EXAMPLE.latE7 / 1e7}, ${EXAMPLE.lonE7 / 1e7}`;
  const found: [boolean, text: string, advice: string][] = [
    [
      isExamplePosition,
      `[hotspot] latitude and longitude are the example's position, ${place}`,
      "Write where this antenna stands: witnesses are judged by it.",
    ],
    [isExampleName, `[network] name is the example's, ${EXAMPLE.name}`, `Write ${FROM_OPERATOR}.`],
    [
      isExampleKey,
      "[network] public_key is the example's, whose private half everybody can read",
      `Write ${FROM_OPERATOR}.`,
    ],
    [isExampleBroker, `[broker] url is the example's, ${broker.url}`, `Write ${FROM_OPERATOR}.`],
    [
      hotspot.payee !== null && equalBytes(hotspot.payee, EXAMPLE.payee),
      "[hotspot] payee is the example's, an address that nobody has",
      "Write an address of yours, or leave it out: the amounts wait.",
    ],
    [
      lora.type === "basics-station" && lora.token === EXAMPLE.token,
      "[lora] token is the example's, which everybody can read",
      "Write another, and the same one into each station's tc.key.",
    ],
  ];
  return found.filter(([is]) => is).map(([, text, advice]) => ({ text, advice }));
}
