/** A thread of the signature pool: takes packed jobs, gives one answer for each. */

import { unpackJobs } from "./signature-batch.ts";
import type { BatchAnswered, BatchAsked } from "./signature-pool.ts";
import { InlineChecker } from "./signatures.ts";

declare const self: Worker;

const checker = new InlineChecker();

self.onmessage = ({ data: { id, packed } }: MessageEvent<BatchAsked>) => {
  const answers = Uint8Array.from(unpackJobs(packed), (job) => checker.check(job));
  const answered: BatchAnswered = { id, answers };
  self.postMessage(answered);
};
