import { describe, expect, test } from "bun:test";
import { freePort } from "../src/testing/mqtt-brokers.ts";
import { AgentProcess, type Runtime, runCommand, writeConfig } from "./agent-process.ts";
import { pmsFrame, windSentence } from "./device-frames.ts";
import { PtyDevice, skipPty } from "./pty-device.ts";

const LIMIT_MS = 60_000;

const table = (name: string, type: string, device: string) =>
  `[[sensors]]\nname = "${name}"\ntype = "${type}"\ndevice = "${device}"\n`;

/** What the page says of a part, in one line. */
async function partOnPage(page: string, title: string): Promise<string> {
  const html = await (await fetch(page)).text();
  const text = html.replace(/<[^>]*>/g, " ").replaceAll(/\s+/g, " ");
  return text.slice(text.indexOf(` ${title} `), text.indexOf(` ${title} `) + 200);
}

/** Says it once and asks until the agent has it. */
async function sayAndAsk(page: string, title: string, device: PtyDevice, frame: Uint8Array): Promise<void> {
  device.say(frame);
  while (!(await partOnPage(page, title)).startsWith(` ${title} ✓ ok`));
}

describe.skipIf(skipPty)("a sensor that is unplugged and put back while the agent runs", () => {
  for (const runtime of ["Bun", "Deno"] satisfies Runtime[]) {
    test(
      `under ${runtime}: told by page and status command, the others are heard, and no restart is needed`,
      async () => {
        await using air = await PtyDevice.plugged();
        await using wind = await PtyDevice.plugged();
        const sensors = table("air", "pms5003", air.path) + table("wind", "nmea-weather", wind.path);
        const config = writeConfig({ broker: await freePort(), gpsd: await freePort() }, sensors);
        await using agent = new AgentProcess(runtime, config);
        await Promise.all([agent.logged(/Opened sensor air/), agent.logged(/Opened sensor wind/)]);
        const page = await agent.pageAddress();
        await sayAndAsk(page, "Sensor air", air, pmsFrame(1, 2, 3));

        await air.unplug();
        await agent.logged(/No sensor air/);
        expect(await partOnPage(page, "Sensor air")).toMatch(/✕ broken .*(unplugged|no such device)/);
        await sayAndAsk(page, "Sensor wind", wind, Buffer.from(windSentence(270, 4.5)));
        const { hostname, port } = new URL(page);
        const asked = await runCommand(runtime, ["status", "--config", config], {
          EARSHOT_AGENT_PAGE_LISTEN: `${hostname}:${port}`,
        });
        expect(asked.code).toBe(1);
        expect(asked.stdout).toMatch(/^Sensor air +✕ broken +.*(unplugged|no such device)/m);
        expect(asked.stdout).toMatch(
          /^ +→ Check the device's cable and power, and (device in )?the table "air"/m,
        );
        expect(asked.stdout).toMatch(/^Sensor wind +✓ ok +wind direction 270°/m);

        agent.lines.length = 0;
        await air.plug();
        await agent.logged(/Opened sensor air/);
        await sayAndAsk(page, "Sensor air", air, pmsFrame(4, 5, 6));
        expect(await agent.end("SIGTERM")).toBe(0);
      },
      LIMIT_MS,
    );
  }
});
