import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";

export interface DebOptions {
  /** Debian's name of the architecture: `arm64`, `amd64`. */
  architecture: string;
  version: string;
  /** The compiled agent. */
  binary: string;
  /** Text of the file that says whose all of it is. */
  copyright: string;
  outputFolder: string;
}

const here = import.meta.dir;
const agentFolder = dirname(here);
const DOC = "usr/share/doc/earshot-agent";

/** What goes where, with which mode: Debian Policy §9.1 (file system) and §10.9 (permissions). */
const filesOf = (binary: string): [source: string, target: string, mode: number][] => [
  [binary, "usr/bin/earshot-agent", 0o755],
  [join(agentFolder, "config.example.toml"), "usr/share/earshot-agent/agent.example.toml", 0o644],
  [join(here, "earshot-agent.service"), "lib/systemd/system/earshot-agent.service", 0o644],
  [join(here, "lintian-overrides"), "usr/share/lintian/overrides/earshot-agent", 0o644],
  [join(agentFolder, "README.md"), `${DOC}/README.md`, 0o644],
  [join(here, "postinst"), "DEBIAN/postinst", 0o755],
  [join(here, "prerm"), "DEBIAN/prerm", 0o755],
  [join(here, "postrm"), "DEBIAN/postrm", 0o755],
];

/** §12.1 and §12.7: always compressed, and the same on every build. */
const COMPRESSED: [source: string, target: string][] = [
  [join(here, "changelog"), `${DOC}/changelog.gz`],
  [join(here, "earshot-agent.1"), "usr/share/man/man1/earshot-agent.1.gz"],
];

const control = (version: string, architecture: string, installedKib: number): string =>
  `Package: earshot-agent
Version: ${version}
Architecture: ${architecture}
Maintainer: Earshot <maintainers@earshot.example.org>
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
export async function buildDeb(options: DebOptions): Promise<string> {
  if (Bun.which("dpkg-deb") === null) {
    throw new Error("Cannot pack a .deb: dpkg-deb is not installed (Debian package dpkg)");
  }
  const { architecture, version, outputFolder } = options;
  const root = await mkdtemp(join(tmpdir(), "earshot-deb-"));
  try {
    await fill(root, options);
    const target = join(outputFolder, `earshot-agent_${version}_${architecture}.deb`);
    await Bun.$`dpkg-deb --root-owner-group -Zgzip --build ${root} ${target}`.quiet();
    return target;
  } finally {
    await rm(root, { recursive: true });
  }
}

async function fill(root: string, { binary, copyright, version, architecture }: DebOptions): Promise<void> {
  await chmod(root, 0o755);
  for (const [source, target, mode] of filesOf(binary)) {
    await mkdir(dirname(join(root, target)), { recursive: true });
    await copyFile(source, join(root, target));
    await chmod(join(root, target), mode);
  }
  await writeFile(join(root, DOC, "copyright"), copyright);
  for (const [source, target] of COMPRESSED) {
    await mkdir(dirname(join(root, target)), { recursive: true });
    await writeFile(join(root, target), gzipSync(await readFile(source), { level: 9 }));
  }
  const paths = [...new Bun.Glob("{usr,lib}/**").scanSync({ cwd: root })].sort();
  let bytes = 0;
  let sums = "";
  for (const path of paths) {
    const content = await readFile(join(root, path));
    bytes += content.length;
    sums += `${new Bun.CryptoHasher("md5").update(content).digest("hex")}  ${path}\n`;
  }
  await writeFile(join(root, "DEBIAN/md5sums"), sums);
  await writeFile(join(root, "DEBIAN/control"), control(version, architecture, Math.ceil(bytes / 1024)));
}
