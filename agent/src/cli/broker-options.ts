import type { Config } from "../config/config.ts";
import { ConfigError } from "../config/load.ts";
import type { MqttPublisherOptions } from "../publisher/mqtt-publisher.ts";
import { readNamedFile } from "../regular-file.ts";
import { errorText } from "../time/error-text.ts";

/** Reads the PEM files, so that a missing one is told at once and by name. */
export function brokerOptions(broker: Config["broker"]): MqttPublisherOptions {
  return {
    url: broker.url,
    ...pem("ca", "broker.ca_file", broker.caFile),
    ...pem("cert", "broker.cert_file", broker.certFile),
    ...pem("key", "broker.key_file", broker.keyFile),
  };
}

function pem(name: "ca" | "cert" | "key", key: string, path: string | undefined) {
  if (path === undefined) return {};
  try {
    return { [name]: readNamedFile(path) };
  } catch (error) {
    throw new ConfigError([
      `${key} is ${JSON.stringify(path)}; allowed is a readable PEM file (${errorText(error)})`,
    ]);
  }
}
