import { expect, test } from "bun:test";
import { foreignAnswer } from "./broker-answer.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

test("a CONNACK is none, whatever follows", () => {
  expect(foreignAnswer(Uint8Array.of(0x20))).toBeUndefined();
  expect(foreignAnswer(Uint8Array.of(0x20, 2, 0, 5))).toBeUndefined();
});

test.each([
  ["HTTP/1.1 302 Found\r\nLocation: /\r\n", "http", '"HTTP/1.1 302 Found"'],
  ["HTTP/1.0 400 Bad Request\n", "http", '"HTTP/1.0 400 Bad Request"'],
  ["<html>\n<head>", "http", '"<html>"'],
  ["220 mail.example.net ESMTP\r\n", "other", '"220 mail.example.net ESMTP"'],
  ["SSH-2.0-OpenSSH_9.2\r\n", "other", '"SSH-2.0-OpenSSH_9.2"'],
  ["AMQP\0\0\t\u0001", "other", '"AMQP\\u0000\\u0000\\t\\u0001"'],
])("%p is of kind %s", (text, kind, said) => {
  expect(foreignAnswer(bytes(text))).toEqual({ kind, said } as never);
});

test("a TLS alert and a handshake are TLS, also one byte of them", () => {
  for (const first of [Uint8Array.of(0x15, 3, 1), Uint8Array.of(0x16, 3, 3), Uint8Array.of(0x15)]) {
    expect(foreignAnswer(first)?.kind).toBe("tls");
  }
});

test("an answer without an end is not shown whole", () => {
  expect(foreignAnswer(bytes("x".repeat(5000)))?.said.length).toBeLessThan(50);
});
