import type { SignatureJob } from "./signatures.ts";

/*
 * Jobs as one buffer, so that they reach another thread without being copied twice:
 *
 *   per job  message length u32 | signature length u32 | public key [32] | message | signature
 */

const HEAD_LENGTH = 8;
const KEY_LENGTH = 32;

export function packJobs(jobs: readonly SignatureJob[]): Uint8Array<ArrayBuffer> {
  const length = jobs.reduce((sum, job) => sum + lengthOf(job), 0);
  const packed = new Uint8Array(length);
  const view = new DataView(packed.buffer);
  let offset = 0;
  for (const { publicKey, message, signature } of jobs) {
    view.setUint32(offset, message.length);
    view.setUint32(offset + 4, signature.length);
    packed.set(publicKey, offset + HEAD_LENGTH);
    packed.set(message, offset + HEAD_LENGTH + KEY_LENGTH);
    packed.set(signature, offset + HEAD_LENGTH + KEY_LENGTH + message.length);
    offset += HEAD_LENGTH + KEY_LENGTH + message.length + signature.length;
  }
  return packed;
}

const lengthOf = ({ message, signature }: SignatureJob): number =>
  HEAD_LENGTH + KEY_LENGTH + message.length + signature.length;

/** Jobs are views into `packed`. */
export function unpackJobs(packed: Uint8Array): SignatureJob[] {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const jobs: SignatureJob[] = [];
  for (let offset = 0; offset < packed.length; ) {
    const [key, message] = [offset + HEAD_LENGTH, offset + HEAD_LENGTH + KEY_LENGTH];
    const signature = message + view.getUint32(offset);
    const end = signature + view.getUint32(offset + 4);
    jobs.push({
      publicKey: packed.subarray(key, message),
      message: packed.subarray(message, signature),
      signature: packed.subarray(signature, end),
    });
    offset = end;
  }
  return jobs;
}
