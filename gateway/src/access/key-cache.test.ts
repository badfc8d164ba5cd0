import { expect, test } from "bun:test";
import { hotspotId, upTopic } from "@earshot/protocol";
import { SenderCache } from "../ingest/sender-cache.ts";
import { idOf, signers } from "../testing/test-network.ts";
import { KeyCache } from "./key-cache.ts";

test("a key is imported once and forgotten when others were used since", () => {
  const cache = new KeyCache(2);
  const a = cache.get(idOf("a"));
  expect(a).toMatchObject({ publicKey: signers.a.publicKey });
  cache.get(idOf("b"));
  expect(cache.get(idOf("a"))).toBe(a);
  cache.get(idOf("c"));
  expect(cache.get(idOf("a"))).toBe(a);
  expect(cache.get(idOf("b"))).not.toBe(a);
});

test("what is no key is told apart from a key that is not admissible", () => {
  const cache = new KeyCache();
  expect(cache.get("z6Mk")).toBe("unknown_user");
  const identity = hotspotId(Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 1 : 0)));
  expect(cache.get(identity)).toBe("inadmissible_key");
  expect(cache.get(identity)).toBe("inadmissible_key");
});

test("a topic is taken apart once", () => {
  const senders = new SenderCache("demo", new KeyCache());
  const topic = upTopic("demo", idOf("a"), "witness");
  const sender = senders.get(topic);
  expect(sender).toMatchObject({ hotspotId: idOf("a"), type: "witness", publicKey: signers.a.publicKey });
  expect(senders.get(topic)).toBe(sender);
  expect(senders.get(upTopic("other", idOf("a"), "witness"))).toBe("wrong_network");
  expect(senders.get("x")).toBe("wrong_topic");
});
