import { chmod, copyFile, mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export interface DebOptions {
  /** Debian's name of the architecture: `arm64`, `amd64`. */
  architecture: string;
  version: string;
  /** The compiled agent. */
  binary: string;
  outputFolder: string;
}

const here = import.meta.dir;
const agentFolder = dirname(here);

/** What goes where, with which mode: Debian Policy §9.1 (file system) and §10.9 (permissions). */
const filesOf = (binary: string): [source: string, target: string, mode: number][] => [
  [binary, "usr/bin/earshot-agent", 0o755],
  [join(agentFolder, "config.example.toml"), "etc/earshot/agent.toml", 0o644],
  [join(here, "earshot-agent.service"), "lib/systemd/system/earshot-agent.service", 0o644],
  [join(agentFolder, "README.md"), "usr/share/doc/earshot-agent/README.md", 0o644],
  [join(dirname(agentFolder), "LICENSE"), "usr/share/doc/earshot-agent/copyright", 0o644],
  [join(here, "postinst"), "DEBIAN/postinst", 0o755],
  [join(here, "prerm"), "DEBIAN/prerm", 0o755],
];

const control = (version: string, architecture: string, installedKib: number): string =>
  `Package: earshot-agent
Version: ${version}
Architecture: ${architecture}
Maintainer: Earshot <maintainers@earshot.invalid>
Installed-Size: ${installedKib}
Depends: libc6 (>= 2.31), adduser
Recommends: systemd
Section: net
Priority: optional
Description: Earshot agent for LoRa hotspots
 Reads the LoRa packet forwarder and the GPS of a hotspot, sends beacons,
 signs what it hears and delivers it over MQTT without losing a packet.
`;

/** Packs a .deb with `dpkg-deb` and returns its path. */
export async function buildDeb({ architecture, version, binary, outputFolder }: DebOptions): Promise<string> {
  if (Bun.which("dpkg-deb") === null) {
    throw new Error("Cannot pack a .deb: dpkg-deb is not installed (Debian package dpkg)");
  }
  const root = await mkdtemp(join(tmpdir(), "earshot-deb-"));
  try {
    await fill(root, binary);
    const kib = Math.ceil((await stat(binary)).size / 1024);
    await writeFile(join(root, "DEBIAN/control"), control(version, architecture, kib));
    await writeFile(join(root, "DEBIAN/conffiles"), "/etc/earshot/agent.toml\n");
    const target = join(outputFolder, `earshot-agent_${version}_${architecture}.deb`);
    await Bun.$`dpkg-deb --root-owner-group -Zgzip --build ${root} ${target}`.quiet();
    return target;
  } finally {
    await rm(root, { recursive: true });
  }
}

async function fill(root: string, binary: string): Promise<void> {
  await chmod(root, 0o755);
  for (const [source, target, mode] of filesOf(binary)) {
    const path = join(root, target);
    await mkdir(dirname(path), { recursive: true });
    await copyFile(source, path);
    await chmod(path, mode);
  }
}
