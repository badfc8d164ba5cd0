/** Writes bundles into a folder until it is killed: run as a process of its own by a test. */
import { BUNDLE_FILES, type Bundle, MANIFEST_FILE } from "./bundle.ts";
import { writeBundle } from "./bundle-folder.ts";

/** Large enough that most of the time is spent between the first byte and the renaming. */
const FILE_BYTES = 300_000;

const [folder = ""] = process.argv.slice(2);
const files = [...BUNDLE_FILES, MANIFEST_FILE].map((name) => [name, new Uint8Array(FILE_BYTES).fill(1)]);
for (let epoch = 0; ; epoch++) {
  writeBundle(folder, epoch % 3, Object.fromEntries(files) as Bundle);
  process.stdout.write(`${epoch}\n`);
}
