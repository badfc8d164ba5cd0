import { readNamedFile } from "@earshot/protocol/runtime";
import { ConfigError } from "@earshot/protocol/runtime/config";
import { type LogPolicy, parsePolicy } from "@earshot/protocol/tlog";

const MAX_FILE_BYTES = 1_048_576;

/**
 * The witnesses that `public_log.policy_file` names (c2sp.org/tlog-policy). Those that are to be asked have an address.
 * @throws {ConfigError} if its content is wrong, or those with an address are no quorum
 * @throws {Error} if it cannot be read (yet)
 */
export function readPolicyFile(path: string): LogPolicy {
  const text = readNamedFile(path, MAX_FILE_BYTES).toString("utf8");
  const read = parsePolicy(text);
  if (!read.ok) throw new ConfigError([`public_log.policy_file ${path}: ${read.problem}`]);
  const { policy } = read;
  for (const { name, url } of policy.witnesses) {
    if (url === undefined || /^https?:\/\/\S+$/.test(url)) continue;
    throw new ConfigError([
      `public_log.policy_file ${path}: witness ${name} is at "${url}"; allowed is http(s)://…`,
    ]);
  }
  const asked = policy.witnesses.filter(({ url }) => url !== undefined);
  if (policy.isQuorum(new Set(asked.map(({ name }) => name)))) return policy;
  throw new ConfigError([
    `public_log.policy_file ${path}: the witnesses with an address are not enough for the quorum ${policy.quorum}; give more of them theirs`,
  ]);
}
