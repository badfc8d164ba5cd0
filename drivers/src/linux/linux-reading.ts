/** How a storage device has worn, as far as it is known. */
export interface DiskWear {
  /** As the kernel calls it: "mmcblk0". */
  device: string;
  /** Bytes written since the machine started. */
  writtenBytes: number;
  /** Upper end of the tenth of its life that it has used, %: 10 to 110; 110 is "beyond it". eMMC only. */
  lifeUsedPercent: number | null;
  /** Blocks in reserve: "warning" from 80 %, "urgent" from 90 % used. eMMC only. */
  reserve: "normal" | "warning" | "urgent" | null;
}

export interface NetworkLink {
  /** "eth0", "wlan0". */
  name: string;
  /** Whether it has a cable or a network; null while it is switched off. */
  isConnected: boolean | null;
  /** Mbit/s; null of radio links and where it is unknown. */
  speedMbps: number | null;
  /** Of a radio link: signal in dBm. */
  signalDbm: number | null;
  /** Of a radio link: 0 to 100, as its driver judges. */
  qualityPercent: number | null;
}

/** How the machine is that this runs on; null is unknown. */
export interface LinuxReading {
  kind: "linux";
  /** Host time, ms since the Unix epoch. */
  atMs: number;
  /** Of the hottest sensor that is the processor's. */
  cpuTemperatureC: number | null;
  /** Mean number of processes that ran or waited in the last minute; not divided by cores. */
  load1min: number | null;
  cores: number | null;
  uptimeS: number | null;
  memoryTotalBytes: number | null;
  /** What programs can still get without swapping. */
  memoryAvailableBytes: number | null;
  /** Of the file system that was asked for. */
  diskTotalBytes: number | null;
  diskFreeBytes: number | null;
  disks: readonly DiskWear[];
  /** The supply falls short of what the board needs, now. */
  underVoltage: boolean | null;
  /** It did so since the machine started. */
  underVoltageOccurred: boolean | null;
  /** The processor is slowed down for heat or supply, now. */
  throttled: boolean | null;
  links: readonly NetworkLink[];
}
