import { accessSync, constants, existsSync, statfsSync } from "node:fs";
import { dirname } from "node:path";
import { EARLIEST_PLAUSIBLE_MS, hotspotId, hotspotName, type Signer } from "@earshot/protocol/hotspot";
import { errorText, type KeyFile } from "@earshot/protocol/runtime";
import type { Config } from "../config/config.ts";
import { exampleValues } from "../config/example-values.ts";
import { attention, broken, CONFIGURATION, ok, type Part } from "../health/part.ts";
import { duration } from "../health/time-text.ts";
import { checkFilesOwner, requireMount } from "../start/state-folder.ts";
import { storageError } from "../start/storage-error.ts";

/** Beside the full outbox. */
const LITTLE_SPACE_BYTES = 100_000_000;

/** A valid one may still be the example. */
export function checkConfig(config: Config): Part[] {
  const doubts = exampleValues(config);
  if (doubts.length === 0) return [ok(CONFIGURATION, "valid")];
  return doubts.map(({ text, advice }) => attention(CONFIGURATION, text, advice));
}

export function checkKey(provider: KeyFile): { part: Part; signer?: Signer } {
  const title = "Key";
  try {
    const signer = provider.openExisting();
    if (signer === undefined) {
      return {
        part: attention(title, `no ${provider.description} yet`, "The agent makes it on its first start."),
      };
    }
    const id = hotspotId(signer.publicKey);
    return { part: ok(title, `${hotspotName(id)}, ${id}`), signer };
  } catch (error) {
    return { part: broken(title, "cannot be used", errorText(error)) };
  }
}

export function checkStorage({ stateDir, outbox }: Config): Part {
  const title = "Storage";
  const folder = nearestExisting(stateDir);
  try {
    requireMount(stateDir);
    if (folder === stateDir) checkFilesOwner(stateDir);
    accessSync(folder, constants.W_OK);
    const { bavail, bsize } = statfsSync(folder);
    const freeBytes = bavail * bsize;
    const text = `${stateDir}, ${Math.floor(freeBytes / 1e6)} MB free`;
    if (freeBytes < outbox.maxBytes + LITTLE_SPACE_BYTES)
      return attention(title, text, "Make room: the outbox needs it.");
    return ok(title, text);
  } catch (error) {
    const { message, advice } = storageError(error, stateDir);
    return broken(title, message, advice);
  }
}

function nearestExisting(path: string): string {
  return existsSync(path) || path === dirname(path) ? path : nearestExisting(dirname(path));
}

export function checkClock(nowMs: number): Part {
  const text = new Date(nowMs).toISOString().replace("T", " ").slice(0, 19);
  if (nowMs >= EARLIEST_PLAUSIBLE_MS) return ok("Clock", `${text} UTC`);
  const wrong = `${text} UTC is ${duration(EARLIEST_PLAUSIBLE_MS - nowMs)} before this software was made`;
  return broken("Clock", wrong, "Set the clock: sudo timedatectl set-ntp true.");
}
