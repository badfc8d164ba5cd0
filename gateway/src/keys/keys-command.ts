import { parseArgs } from "node:util";
import {
  type Clock,
  describeKey,
  epochAtMs,
  epochSpanMs,
  equalBytes,
  hotspotId,
  isAdmissibleKey,
  KEY_ROLES,
  type KeyDocument,
  keyDocumentMessage,
  NetworkKeys,
  publicKeyOf,
} from "@earshot/protocol";
import { errorText, KeyError } from "@earshot/protocol/runtime";
import { ConfigError, type Environment } from "@earshot/protocol/runtime/config";
import { loadConfig, parametersOf } from "../config/config.ts";
import {
  announcedEpoch,
  type ChangeBasis,
  earliestEpoch,
  firstDocument,
  KeyChangeError,
  type NewKey,
  revoked,
  rotated,
} from "./key-changes.ts";
import {
  type KeyPlaces,
  keyPlacesOf,
  makeRoleKey,
  privateKeys,
  readDocuments,
  rootOf,
  rootSigner,
  writeDocuments,
} from "./key-files.ts";
import { clockworkProblem } from "./key-ring.ts";

const USAGE = `Usage: gateway keys show
       gateway keys init             a key for each role, and the first document
       gateway keys rotate ROLE      another key for a role, or for all of them
       gateway keys revoke KEY       a key (z6Mk…) that may be in other hands signs no more

Roles: ${KEY_ROLES.join(", ")}. Works on files alone, whether the gateway runs or not; it reads a new document before
the next period's entropy.

  --config FILE   the gateway's configuration: network, state folder, length of epochs
  --root FILE     the root key, needed for all but show; network.key in the state folder by default
  --epoch N       first epoch in which it counts; by default the next but one, of revoke the next that can be
  --key ID        of rotate: the public key of a private key that was made elsewhere, instead of a new one

Exit status: 0 done, 1 it cannot be, 2 wrong usage.
`;

export interface KeysCommandIo {
  out(text: string): void;
  err(text: string): void;
  clock: Pick<Clock, "now">;
  environment: Environment;
}

interface Options {
  config?: string | undefined;
  root?: string | undefined;
  epoch?: string | undefined;
  key?: string | undefined;
}

interface Setting {
  basis: ChangeBasis;
  places: KeyPlaces;
  options: Options;
  /** Nothing of a network is here yet. */
  isNew: boolean;
  io: KeysCommandIo;
}

class UsageError extends Error {}

/** Runs `keys`. @returns the exit status */
export async function runKeys(args: readonly string[], io: KeysCommandIo): Promise<number> {
  try {
    const { values, positionals } = readArguments(args);
    const [name = "", subject, ...more] = positionals;
    const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
    if (action === undefined || more.length > 0)
      throw new UsageError(`keys ${positionals.join(" ")} is no command`);
    action(settingOf(name, values, io), subject);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      io.err(`${error.message}\n\n${USAGE}`);
      return 2;
    }
    const isToldByItsMessage = [ConfigError, KeyError, KeyChangeError].some((one) => error instanceof one);
    io.err(`${isToldByItsMessage ? (error as Error).message : errorText(error)}\n`);
    return 1;
  }
}

function readArguments(args: readonly string[]) {
  const option = { type: "string" } as const;
  const options = { config: option, root: option, epoch: option, key: option };
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(errorText(error));
  }
}

const ACTIONS: Readonly<Record<string, (setting: Setting, subject: string | undefined) => void>> = {
  show,
  init,
  rotate,
  revoke,
};

/** The network, its clockwork and its keys so far. */
function settingOf(action: string, options: Options, io: KeysCommandIo): Setting {
  const config = loadConfig(options.config, io.environment);
  const { network, entropyPeriodMs, epochPeriods } = parametersOf(config);
  const places: KeyPlaces = {
    ...keyPlacesOf(config, io.environment),
    rootFile: options.root,
    mayBeOthers: true,
  };
  const documents = readDocuments(places.stateDir);
  const isNew = documents.length === 0 && rootSigner(places) === undefined;
  if (isNew && action !== "init") {
    throw new KeyChangeError(
      `There are no keys in ${places.stateDir} yet: gateway keys init, or start the gateway`,
    );
  }
  const read = NetworkKeys.read(network, rootOf(places), documents);
  if (!read.ok) throw new KeyChangeError(`The key documents of network "${network}" do not fit: ${read.why}`);
  const clockwork = { entropyPeriodMs, epochPeriods };
  const problem = clockworkProblem(read.keys, clockwork);
  if (problem !== undefined) throw new KeyChangeError(`The key documents do not fit: ${problem}`);
  return { basis: { keys: read.keys, clockwork, nowMs: io.clock.now() }, places, options, isNew, io };
}

function show({ basis, places, io }: Setting): void {
  const { keys, clockwork, nowMs } = basis;
  const own = privateKeys(places);
  const isHere = (key: Uint8Array) => own.some(({ publicKey }) => equalBytes(publicKey, key));
  const epoch = epochAtMs(nowMs, clockwork);
  io.out(`Network    ${keys.network}, epoch ${epoch}\n`);
  io.out(`Root key   ${hotspotId(keys.root)}${isHere(keys.root) ? ", here" : ", not here"}\n`);
  const newest = keys.newest?.document;
  if (newest === undefined) {
    io.out("No key document: the root key signs everything\n");
    return;
  }
  io.out(`Document   version ${newest.version} of ${new Date(newest.atMs).toISOString()}\n`);
  for (const one of newest.keys) {
    io.out(`${one.role.padEnd(10)} ${describeKey(one)}${isHere(one.key) ? ", here" : ""}\n`);
  }
}

function init(setting: Setting, subject: string | undefined): void {
  if (subject !== undefined) throw new UsageError(`keys init takes no "${subject}"`);
  const { basis, isNew, options } = setting;
  // A root key that was there may have signed: it keeps every role until the next epoch but one.
  const begins = isNew || options.epoch === "0" ? 0 : epochOf(setting, announcedEpoch(basis));
  const document = publish(setting, (newKey) => firstDocument(basis, begins, newKey));
  const { keys, clockwork } = basis;
  const out = (text: string) => setting.io.out(`${text}\n`);
  out(`Pin this key in agents (network.public_key) and with verify-epoch --key: ${hotspotId(keys.root)}`);
  if (begins === 0) {
    out("The root key is needed no more to run the network: take it off this machine, and keep a copy.");
  } else {
    const from = new Date(epochSpanMs(begins, clockwork).fromMs).toISOString();
    out(
      `The root key signs until epoch ${begins} begins (${from}): take it off this machine then, and keep a copy.`,
    );
  }
  tell(setting, document, begins);
}

function rotate(setting: Setting, subject: string | undefined): void {
  const role = KEY_ROLES.find((one) => one === subject);
  if (role === undefined && subject !== "all") {
    throw new UsageError(
      `keys rotate needs a role, ${KEY_ROLES.join(", ")}, or all; "${subject ?? ""}" is none`,
    );
  }
  const roles = role === undefined ? KEY_ROLES : [role];
  const epoch = epochOf(setting, announcedEpoch(setting.basis));
  tell(
    setting,
    publish(setting, (newKey) => rotated(setting.basis, roles, epoch, newKey)),
    epoch,
  );
}

function revoke(setting: Setting, subject = ""): void {
  const publicKey = publicKeyOf(subject);
  if (publicKey === undefined)
    throw new UsageError(`keys revoke needs the id of a key (z6Mk…); "${subject}" is none`);
  const epoch = epochOf(setting, earliestEpoch(setting.basis));
  tell(
    setting,
    publish(setting, (newKey) => revoked(setting.basis, publicKey, epoch, newKey)),
    epoch,
  );
}

function epochOf({ basis, options }: Setting, otherwise: number): number {
  if (options.epoch === undefined) return otherwise;
  const earliest = earliestEpoch(basis);
  const epoch = /^\d{1,9}$/.test(options.epoch) ? Number(options.epoch) : Number.NaN;
  if (epoch >= earliest) return epoch;
  throw new UsageError(
    `--epoch is "${options.epoch}"; ${earliest}, the first that can be told in time, or later is needed`,
  );
}

/** New private keys first, then the document that names them: killed in between, nothing has changed. */
function publish(setting: Setting, make: (newKey: NewKey) => KeyDocument): KeyDocument {
  const { basis, places, io } = setting;
  const root = rootSigner(places);
  if (root === undefined) {
    throw new KeyChangeError(`The root key ${hotspotId(basis.keys.root)} is needed: --root FILE`);
  }
  const document = make(keyMaker(setting));
  const message = keyDocumentMessage.seal(document, root, document.network);
  const followed = basis.keys.followedBy(message);
  if (!followed.ok) throw new KeyChangeError(`The document cannot be made: ${followed.why}`);
  writeDocuments(
    places.stateDir,
    followed.keys.documents.map((one) => one.message),
  );
  io.out(
    `Document ${document.version} is in ${places.stateDir}: the gateway reads it before its next entropy\n`,
  );
  return document;
}

/** Makes private keys on this machine, or takes the public key that is named. */
function keyMaker({ basis, options, places, io }: Setting): NewKey {
  const given = options.key === undefined ? undefined : publicKeyOf(options.key);
  if (options.key !== undefined && (given === undefined || !isAdmissibleKey(given))) {
    throw new UsageError(`--key is "${options.key}"; the id (z6Mk…) of an admissible key is needed`);
  }
  return (role) => {
    if (given !== undefined) return given;
    const { path, signer } = makeRoleKey(places, role, basis.keys.version + 1);
    io.out(`Key for ${role} in ${path}\n`);
    return signer.publicKey;
  };
}

function tell({ basis, io }: Setting, { keys, version }: KeyDocument, epoch: number): void {
  const from = new Date(epochSpanMs(epoch, basis.clockwork).fromMs).toISOString();
  const when = epoch === 0 ? "from the beginning" : `from epoch ${epoch} on, which begins ${from}`;
  io.out(`Version ${version} counts ${when}:\n`);
  for (const one of keys) io.out(`  ${one.role.padEnd(8)} ${describeKey(one)}\n`);
}
