import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** The agent's own licence, which Debian has: its text is not repeated (Policy §12.5). */
const APACHE = "Apache-2.0";

const HEAD = `The Earshot agent. Copyright the Earshot authors; ${APACHE}, see /usr/share/common-licenses/${APACHE}.

The program contains Bun ${Bun.version}, copyright its authors, MIT, and the libraries that Bun is linked with, among
them JavaScriptCore, LGPL-2 (/usr/share/common-licenses/LGPL-2): https://bun.com/docs/project/licensing has their
licences and how to link it anew. And these libraries:
`;

/**
 * The text of Debian's `copyright` file.
 *
 * @param sources paths of all files in the bundle; which packages they are of stands in them
 */
export async function copyrightOf(sources: readonly string[]): Promise<string> {
  const folders = new Set(
    sources.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []),
  );
  const notices = await Promise.all([...folders].map(noticeOf));
  return [HEAD, ...notices.sort()].join("\n");
}

/** @throws when a library comes without the text of its licence */
async function noticeOf(folder: string): Promise<string> {
  const { name, version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  const isApache = license === APACHE;
  const wanted = isApache ? /^notice/i : /^(licen[cs]e|copying)/i;
  const files = (await readdir(folder)).filter((file) => wanted.test(file));
  if (!isApache && files.length === 0) throw new Error(`${name} has no file with its licence (${license})`);
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
  const title = `${name} ${version}, ${license}`;
  return [title, "-".repeat(title.length), "", ...texts.map((text) => `${text.trim()}\n`)].join("\n");
}
