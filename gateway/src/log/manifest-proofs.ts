import type { BundleStore } from "../bundle/bundle-store.ts";
import type { StoredEpoch } from "../store/records.ts";
import type { Store } from "../store/store.ts";
import type { PublicLog, SignedHead } from "./public-log.ts";

interface ManifestProofsDeps {
  store: Pick<Store, "epochs">;
  bundles: Pick<BundleStore, "keepProof" | "hasProof">;
  log: Pick<PublicLog, "prove">;
}

const PAGE = 64;

/**
 * Puts beside each bundle the proof that its manifest is in the log, below a checkpoint that witnesses have cosigned.
 * Bundles that have none yet are the newest ones: those whose checkpoint waited for its cosignatures.
 * @returns their epochs
 */
export async function keepManifestProofs(
  head: SignedHead,
  { store, bundles, log }: ManifestProofsDeps,
): Promise<number[]> {
  const waiting: StoredEpoch[] = [];
  for (let after: string | undefined; ; ) {
    const page = await store.epochs({ limit: PAGE, ...(after !== undefined && { after }) });
    const first = page.findIndex(({ bundle }) => bundles.hasProof(bundle));
    waiting.push(...(first < 0 ? page : page.slice(0, first)));
    if (first >= 0 || page.length < PAGE) break;
    after = String(page.at(-1)?.epoch);
  }
  const kept: number[] = [];
  // The oldest first: killed in between, the rest is found again.
  for (const { epoch, bundle } of waiting.reverse()) {
    const proof = await log.prove("manifest", epoch, head);
    if (proof === undefined) break;
    bundles.keepProof(bundle, proof);
    kept.push(epoch);
  }
  return kept;
}
