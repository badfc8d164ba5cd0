import type { Config } from "../config/config.ts";
import { checkBroker } from "../doctor/check-broker.ts";
import { checkGps, checkRadio } from "../doctor/check-devices.ts";
import { checkClock, checkConfig, checkKey, checkStorage } from "../doctor/check-machine.ts";
import { findDevices, type Surroundings, THIS_MACHINE } from "../doctor/find-devices.ts";
import { findingsText } from "../doctor/findings-text.ts";
import { type Part, worstOf } from "../health/part.ts";
import { isRunning } from "../page/app.ts";
import { hotspotKey } from "../start/hotspot-key.ts";
import type { ExitCode, Terminal } from "../terminal.ts";
import { askStatus, partTable, statusUrl } from "./status.ts";

/** Checks everything an agent needs and says what to do; then looks for devices. Each takes at most some 20 s. */
export async function doctor(config: Config, terminal: Terminal): Promise<ExitCode> {
  const { clock, out, error } = terminal;
  const { part: key, signer } = checkKey(hotspotKey(config, true));
  const machine = [...checkConfig(config), key, checkStorage(config), checkClock(clock.now())];
  const running = await runningParts(config, terminal);
  if (running === undefined) error("Listening to the devices and the broker, up to 20 s …\n");
  const parts = [
    ...machine,
    ...(running ??
      (await Promise.all([
        checkRadio(config, terminal),
        checkGps(config, terminal),
        checkBroker(config, signer, terminal),
      ]))),
  ];
  out(`${partTable(parts)}\n\n`);
  await lookForDevices(terminal, configuredPorts(config), withoutForwarders(config));
  return worstOf(parts) === "broken" ? 1 : 0;
}

/** Lists all attached devices with the configuration lines to paste; needs no configuration. */
export async function lookForDevices(
  { clock, signal, out, error }: Terminal,
  configured: readonly string[] = [],
  surroundings: Surroundings = THIS_MACHINE,
): Promise<ExitCode> {
  error("Looking for devices, up to 22 s …\n");
  out(findingsText(await findDevices(surroundings, { clock, signal, configured })));
  return 0;
}

function configuredPorts({ gps, lora, sensors }: Config): string[] {
  return [gps, lora, ...sensors.map(({ link }) => link)].flatMap((one) =>
    "device" in one ? [one.device] : [],
  );
}

/** Forwarders are not looked for when the radio check has just listened for them. */
function withoutForwarders({ lora }: Config): Surroundings {
  const { forwarders, ...rest } = THIS_MACHINE;
  return "listen" in lora ? rest : { ...rest, ...(forwarders && { forwarders }) };
}

/** A running agent has the devices and the session open, so its own report is used. */
async function runningParts(config: Config, { signal, error }: Terminal): Promise<Part[] | undefined> {
  if (config.page === undefined) return undefined;
  const answer = await askStatus(statusUrl(config.page.listen), signal);
  if (!answer.ok) return undefined;
  // An agent that has not started yet has no devices open: everything is checked here.
  if (!isRunning(answer.document)) return undefined;
  error("The agent is running: this is what it says.\n");
  return answer.document.parts;
}
