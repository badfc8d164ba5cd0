import { afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import type { Manifest } from "@earshot/protocol";
import { signedAgain, testBundles } from "../testing/test-bundle.ts";
import { FIRST_EPOCH, PARAMETERS } from "../testing/test-network.ts";
import { BUNDLE_FILES, type Bundle, bundleName, MANIFEST_FILE, PROOF_FILE } from "./bundle.ts";
import type { BundleStore, KeptBundle } from "./bundle-store.ts";
import { atOnce } from "./in-turns.ts";
import { formatContacts } from "./json-texts.ts";
import { encodingChunks } from "./text-chunks.ts";

const day = (number: number): number => Date.UTC(2026, 0, number);

/** What every store of bundles must do. `open` gives an empty one; the suite disposes of it. */
export function bundleStoreContract(name: string, open: () => BundleStore & Disposable): void {
  describe(`bundles: ${name}`, () => {
    let made: Bundle;
    let bundles: BundleStore & Disposable;
    beforeAll(async () => {
      // The second has contacts before it.
      [, made] = (await testBundles(2)) as [Bundle, Bundle];
    });
    beforeEach(() => {
      bundles = open();
    });
    afterEach(() => bundles[Symbol.dispose]());

    const EPOCH = FIRST_EPOCH + 1;
    const close = (closedAtMs: number, fields: Partial<Manifest> = {}): KeptBundle => {
      const closing = { epoch: EPOCH, network: PARAMETERS.network, owner: 7, ...fields, closedAtMs };
      const work = bundles.keepOrWrite(
        closing,
        // biome-ignore lint/correctness/useYield: made at once
        function* (atMs) {
          return signedAgain(made, {}, { closedAtMs: atMs, ...fields });
        },
      );
      return atOnce(work);
    };
    const held = async (bundle: string, file: string) => (await bundles.file(bundle, file))?.bytes();
    const isThere = async ({ name: bundle }: KeptBundle) =>
      (await bundles.file(bundle, MANIFEST_FILE)) !== undefined;

    test("gives each file as it was written, with its size, and no other", async () => {
      const { name: bundle, ...kept } = close(day(2));
      expect(kept).toEqual({
        bundle: signedAgain(made, {}, { closedAtMs: day(2) }),
        closedAtMs: day(2),
        isNew: true,
      });
      expect(bundle).toBe(bundleName(EPOCH, kept.bundle[MANIFEST_FILE]));
      for (const file of [...BUNDLE_FILES, MANIFEST_FILE] as const) {
        expect(await held(bundle, file)).toEqual(new Uint8Array(kept.bundle[file]));
        expect((await bundles.file(bundle, file))?.size).toBe(kept.bundle[file].length);
      }
      expect(await bundles.file(bundle, "none.json")).toBeUndefined();
      expect(await bundles.file("none", MANIFEST_FILE)).toBeUndefined();
    });

    test("gives the contacts of a bundle that is there", () => {
      const contacts = bundles.contacts(close(day(2)).name) ?? new Map();
      expect(contacts.size).toBeGreaterThan(0);
      expect(atOnce(encodingChunks(formatContacts(contacts)))).toEqual(made["contacts.json"]);
      expect(bundles.contacts("none")).toBeUndefined();
    });

    test("gives the manifest, and keeps the proof that it is in the log beside it", async () => {
      const kept = close(day(2));
      expect(bundles.manifest(kept.name)).toEqual(new Uint8Array(kept.bundle[MANIFEST_FILE]));
      expect(bundles.manifest("none")).toBeUndefined();
      expect(bundles.hasProof(kept.name)).toBe(false);
      bundles.keepProof(kept.name, "a proof\n");
      bundles.keepProof(kept.name, "a better proof\n");
      expect(bundles.hasProof(kept.name)).toBe(true);
      expect(await (await bundles.file(kept.name, PROOF_FILE))?.text()).toBe("a better proof\n");
      // It is no part of the bundle, which is the same with it.
      expect(close(day(3))).toEqual({ ...kept, isNew: false });
      bundles.keepProof("none", "a proof\n");
      expect(await bundles.file("none", PROOF_FILE)).toBeUndefined();
      bundles.remove(kept.name);
      expect(close(day(2)).isNew).toBe(true);
      expect(bundles.hasProof(kept.name)).toBe(false);
    });

    test("keeps the bundle where the content is the same, whatever time it is", () => {
      const first = close(day(2));
      expect(close(day(3))).toEqual({ ...first, isNew: false });
    });

    test("removes none where the content is another, until it is told which is recorded", async () => {
      const [first, next] = [close(day(2)), close(day(2), { epoch: EPOCH + 1 })];
      const replaced = close(day(3), { paid: 0n });
      expect(replaced).toMatchObject({ closedAtMs: day(3), isNew: true });
      expect(await Promise.all([first, next, replaced].map(isThere))).toEqual([true, true, true]);
      bundles.removeOthers(EPOCH, replaced.name);
      expect(await Promise.all([first, next, replaced].map(isThere))).toEqual([false, true, true]);
    });

    test("keeps the one of two that holds what the store says", () => {
      const right = close(day(2));
      const wrong = close(day(2), { paid: 0n });
      expect(close(day(3))).toEqual({ ...right, isNew: false });
      expect(close(day(3), { paid: 0n })).toEqual({ ...wrong, isNew: false });
    });

    test.each(["remove", "setAside"] as const)(
      "has nothing of a bundle after %s, and takes it again",
      async (goes) => {
        for (let time = 0; time < 2; time++) {
          const kept = close(day(2));
          expect(kept.isNew).toBe(true);
          bundles[goes](kept.name);
          expect(await isThere(kept)).toBe(false);
          expect(bundles.contacts(kept.name)).toBeUndefined();
          bundles[goes](kept.name);
        }
      },
    );
  });
}
