import { stat } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { createServer as createTlsServer, type Server as TlsServer } from "node:tls";
import type { Clock, Log } from "@earshot/protocol";
import { errorCode, errorText, readTlsFiles } from "@earshot/protocol/runtime";

/** Paths of PEM files. */
export interface CertificateFiles {
  cert: string;
  key: string;
}

const NAMES = { ca: "", cert: "broker.tls_cert_file", key: "broker.tls_key_file" };
/** Also read when they seem unchanged: a certificate may have expired. */
const READ_AGAIN_MS = 3_600_000;

/**
 * What hotspots connect to, over TLS where files are given. These may be missing at first, be written later and be
 * renewed: new connections get the newest that could be read. Until there is one, each fails.
 */
export class Listener {
  readonly server: Server;
  readonly #files: CertificateFiles | undefined;
  readonly #clock: Pick<Clock, "now" | "elapsedMs">;
  readonly #log: Log;
  #problem: string | undefined;
  #seen = "";
  #readElapsedMs = Number.NEGATIVE_INFINITY;
  #isReading = false;

  constructor(files: CertificateFiles | undefined, clock: Pick<Clock, "now" | "elapsedMs">, log: Log) {
    this.#files = files;
    this.#clock = clock;
    this.#log = log;
    this.server = files === undefined ? createServer() : createTlsServer({});
  }

  /** What is wrong with the files now. */
  problem(): string | undefined {
    return this.#problem;
  }

  /** Call at the start and periodically. */
  async renew(): Promise<void> {
    if (this.#files === undefined || this.#isReading) return;
    this.#isReading = true;
    try {
      await this.#renew(this.#files);
    } finally {
      this.#isReading = false;
    }
  }

  async #renew(files: CertificateFiles): Promise<void> {
    const seen = (await Promise.all([files.cert, files.key].map(versionOf))).join();
    const elapsedMs = this.#clock.elapsedMs();
    if (seen === this.#seen && elapsedMs - this.#readElapsedMs < READ_AGAIN_MS) return;
    const isFirst = this.#seen === "";
    this.#seen = seen;
    this.#readElapsedMs = elapsedMs;
    try {
      const { cert = "", key = "", doubts } = await readTlsFiles(files, NAMES, this.#clock.now());
      (this.server as TlsServer).setSecureContext({ cert, key });
      this.#problem = doubts[0];
      if (!isFirst) this.#log.info("Certificate of the MQTT listener read again", { file: files.cert });
    } catch (error) {
      this.#problem = errorText(error);
    }
    if (this.#problem !== undefined)
      this.#log.error("MQTT listener has no good certificate", { why: this.#problem });
  }
}

/** Something else when the file was written, replaced or given to others. */
const versionOf = (path: string): Promise<string> =>
  stat(path).then(({ ino, size, mtimeMs, ctimeMs }) => [ino, size, mtimeMs, ctimeMs].join(":"), errorCode);
