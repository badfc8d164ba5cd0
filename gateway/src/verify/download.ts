/** What is fetched from a gateway that nobody vouches for: limited in size and time, and from that host only. */

export type Fetch = (url: URL, init: RequestInit) => Promise<Response>;

export interface DownloadLimits {
  maxBytes: number;
  timeoutMs: number;
}

export type Downloaded = { ok: true; bytes: Uint8Array } | { ok: false; problem: string };

/** The bytes at an address, or what is wrong. Redirects are not followed: they may lead to another host. */
export async function download(fetch: Fetch, url: URL, limits: DownloadLimits): Promise<Downloaded> {
  const aborted = new AbortController();
  const signal = AbortSignal.any([aborted.signal, AbortSignal.timeout(limits.timeoutMs)]);
  try {
    const response = await fetch(url, { redirect: "manual", signal });
    if (response.status !== 200) return { ok: false, problem: `HTTP status ${response.status} from ${url}` };
    const bytes = await readBody(response, limits.maxBytes);
    if (bytes !== undefined) return { ok: true, bytes };
    return { ok: false, problem: `more than ${limits.maxBytes} bytes from ${url}` };
  } catch (error) {
    return { ok: false, problem: `${(error as Error).message} (${url})` };
  } finally {
    // Whatever is still to come is not wanted.
    aborted.abort();
  }
}

/** `undefined` when there are more bytes than allowed. */
async function readBody(response: Response, maxBytes: number): Promise<Uint8Array | undefined> {
  if (Number(response.headers.get("content-length") ?? 0) > maxBytes) return undefined;
  if (response.body === null) return new Uint8Array();
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body) {
    length += part.length;
    if (length > maxBytes) return undefined;
    parts.push(part);
  }
  return new Uint8Array(Buffer.concat(parts));
}
