import { expect, test } from "bun:test";
import { brokerFailure, isOldBroker, mqttAdvice, notMqtt } from "./mqtt-advice.ts";

const URL = "mqtts://broker.example:8883";
const failing = (code: string | number, message = "it said no") =>
  Object.assign(new Error(message), { code });

test("doubts about certificates come first, one at a time, and not where nothing was reached", () => {
  const doubts = ["[broker] ca_file has expired", "[broker] cert_file has expired"];
  const why = (code: string) => brokerFailure(failing(code), URL, doubts).message;
  expect(why("CERT_HAS_EXPIRED")).toStartWith(`${doubts[0]}; ${URL}: the broker's certificate has expired`);
  expect(why("CERT_HAS_EXPIRED")).not.toContain("cert_file has expired");
  for (const code of ["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "ENOTFOUND", "ETIMEDOUT", "EPERM"]) {
    expect(why(code)).toStartWith(`${URL}: `);
  }
  // Not merely of the same letters.
  expect(why("XETIMEDOUT")).toStartWith(String(doubts[0]));
  expect(brokerFailure(failing("ECONNRESET"), URL).message).toStartWith(`${URL}: the broker closed`);
  expect(brokerFailure(failing("ECONNRESET"), URL).cause).toBeInstanceOf(Error);
});

test("an error is explained by its code, else by its text, else shown as it is", () => {
  expect(mqttAdvice(failing(134, "Bad username"), URL)).toMatch(/login was refused.* \(Bad username\)$/);
  expect(mqttAdvice(failing("ERR_SSL", "tlsv1 alert unknown ca"), URL)).toContain(
    "does not accept the certificate",
  );
  expect(mqttAdvice(failing("ERR_SSL_WRONG_VERSION_NUMBER", ""), URL)).toContain(
    "the port does not speak TLS",
  );
  expect(mqttAdvice(failing("ODD", "odd"), URL)).toBe(`${URL}: odd`);
  expect(mqttAdvice("no error at all", URL)).toBe(`${URL}: no error at all`);
});

test("old is what a broker does that does not know the version, and nothing else", () => {
  for (const code of [1, 132, "EARSHOT_CLOSED", "EARSHOT_SILENT", "EARSHOT_ODD_CONNACK"])
    expect(isOldBroker(failing(code))).toBe(true);
  for (const code of [5, 134, "ECONNREFUSED", "EARSHOT_HTTP", "EARSHOT_TLS", "EARSHOT_NOT_MQTT"])
    expect(isOldBroker(failing(code))).toBe(false);
  expect(isOldBroker(new Error("x"))).toBe(false);
});

test("what answers in another protocol is named", () => {
  const code = (...bytes: number[]) => notMqtt(Uint8Array.from(bytes))?.code;
  expect(code(0x20, 2, 0, 0)).toBeUndefined();
  expect(code(...new TextEncoder().encode("HTTP/1.1 302 Found\r\n"))).toBe("EARSHOT_HTTP");
  expect(code(0x15, 3, 1, 0, 2)).toBe("EARSHOT_TLS");
  expect(code(...new TextEncoder().encode("220 smtp ready"))).toBe("EARSHOT_NOT_MQTT");
});
