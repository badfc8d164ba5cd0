import { expect, test } from "bun:test";
import { diskUsedPermille, linkText } from "./machine.ts";

const LINK = { name: "wlan0", isConnected: true, speedMbps: null, signalDbm: null, qualityPercent: null };

test("a network link is told by what is known of it", () => {
  const links = [
    { isConnected: null, signalDbm: -50 },
    { isConnected: false, speedMbps: 100 },
    { signalDbm: -61, speedMbps: 100 },
    { speedMbps: 1000 },
    {},
  ];
  expect(links.map((link) => linkText({ ...LINK, ...link }))).toEqual([
    "wlan0 off",
    "wlan0 not connected",
    "wlan0 -61 dBm",
    "wlan0 1000 Mbit/s",
    "wlan0",
  ]);
});

test("how full a disk is is known where its size is, and is not nothing", () => {
  const used = (diskTotalBytes: number | null, diskFreeBytes: number | null) =>
    diskUsedPermille({ diskTotalBytes, diskFreeBytes } as never);
  expect([used(1000, 1000), used(1000, 0), used(3000, 1000)]).toEqual([0, 1000, 667]);
  expect([used(null, 5), used(5, null), used(0, 0)]).toEqual([undefined, undefined, undefined]);
});
