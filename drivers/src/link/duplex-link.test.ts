import { describe, expect, test } from "bun:test";
import { Duplex } from "node:stream";
import { LinkLostError } from "../driver.ts";
import { DuplexLink } from "./duplex-link.ts";

/** A stream whose writes wait for the test. */
function setUp() {
  const written: { bytes: Uint8Array; done: (error?: Error | null) => void }[] = [];
  const stream = new Duplex({
    read() {},
    write: (bytes, _encoding, done) => void written.push({ bytes, done }),
  });
  let releases = 0;
  const release = async () => {
    releases += 1;
  };
  const link = new DuplexLink({ stream, where: "tcp there:1", release });
  const read = async () => {
    const got: string[] = [];
    try {
      for await (const bytes of link) got.push(Buffer.from(bytes).toString());
      return { got, error: undefined };
    } catch (error) {
      return { got, error };
    }
  };
  return { stream, link, written, read, releases: () => releases };
}

const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

describe("a link over a stream", () => {
  test("hands on what comes; that the other end closes it is a loss, which releases it", async () => {
    const { stream, read, releases } = setUp();
    const reading = read();
    stream.push("a");
    stream.push("b");
    stream.push(null);
    const { got, error } = await reading;
    expect(got.join("")).toBe("ab");
    expect(error).toBeInstanceOf(LinkLostError);
    expect(String(error)).toContain("Lost tcp there:1: the other end closed it");
    expect([releases(), stream.destroyed]).toEqual([1, true]);
  });

  test("tells an error of the stream, with its cause", async () => {
    const { stream, read } = setUp();
    const reading = read();
    const cause = new Error("EIO");
    stream.destroy(cause);
    const { error } = await reading;
    expect(String(error)).toContain("Lost tcp there:1: EIO");
    expect((error as Error).cause).toBe(cause);
  });

  test("ends without an error when it is closed here, and is released once", async () => {
    const { stream, link, read, releases } = setUp();
    const reading = read();
    await Promise.all([link.close(), link.close()]);
    expect(await reading).toEqual({ got: [], error: undefined });
    expect([releases(), stream.destroyed]).toEqual([1, true]);
  });

  test("is closed when nobody reads it any more", async () => {
    const { stream, link, releases } = setUp();
    stream.push("a");
    for await (const _ of link) break;
    expect([releases(), stream.destroyed]).toEqual([1, true]);
  });

  test("has written when the stream says so, and leaves no listener", async () => {
    const { stream, link, written } = setUp();
    const listeners = stream.listenerCount("close");
    for (let i = 0; i < 3; i++) {
      let isDone = false;
      const writing = link.write(Uint8Array.of(i)).then(() => {
        isDone = true;
      });
      await new Promise(setImmediate);
      expect(isDone).toBe(false);
      written[i]?.done();
      await writing;
    }
    expect(written.map(({ bytes }) => bytes[0])).toEqual([0, 1, 2]);
    expect(stream.listenerCount("close")).toBe(listeners);
  });

  test("says why it could not write: an error, closed meanwhile, closed before", async () => {
    const failing = setUp();
    const failed = failureOf(failing.link.write(Uint8Array.of(1)));
    await new Promise(setImmediate);
    failing.written[0]?.done(new Error("EPIPE"));
    expect(String(await failed)).toContain("Lost tcp there:1: EPIPE");

    const closing = setUp();
    const closed = failureOf(closing.link.write(Uint8Array.of(1)));
    await closing.link.close();
    expect(await closed).toBeInstanceOf(LinkLostError);
    expect(String(await failureOf(closing.link.write(Uint8Array.of(1))))).toContain(
      "Cannot write: tcp there:1 is closed",
    );
  });
});
