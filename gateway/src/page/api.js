import { noteAnswerTime, systemClock } from "./clock.js";

/** A press that ends outside of the page is never seen to end. */
const LONGEST_PRESS_MS = 1000;
let isPressed = false;
for (const type of ["pointerdown", "pointerup", "pointercancel"]) {
  document.addEventListener(type, () => {
    isPressed = type === "pointerdown";
  });
}

/** Redrawing between press and release would take the click's target away: answers wait for the release. */
const released = () =>
  new Promise((resolve) => {
    if (!isPressed) return resolve();
    document.addEventListener("pointerup", () => systemClock.after(0, resolve), { once: true });
    systemClock.after(LONGEST_PRESS_MS, resolve);
  });

/** What the gateway refused, or that it does not answer. */
class ApiError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/** An answer of the API below /api/v1. Throws ApiError, whose message can be shown. */
export async function get(path) {
  let response;
  try {
    response = await fetch(`/api/v1/${path}`, { headers: { accept: "application/json" } });
  } catch {
    throw new ApiError("unreachable", "The gateway does not answer.");
  }
  const body = await response.json().catch(() => undefined);
  if (!response.ok) {
    const { code = "failed", message = `The gateway answered ${response.status}.` } = body?.error ?? {};
    throw new ApiError(code, message);
  }
  await released();
  noteAnswerTime(response.headers.get("date"));
  return body;
}

/** Every page of a list, up to `limit` entries. */
export async function getAll(path, list, limit = 2000) {
  const entries = [];
  for (let after; entries.length < limit; ) {
    const query = new URLSearchParams({ limit: "500", ...(after === undefined ? {} : { after }) });
    const page = await get(`${path}?${query}`);
    entries.push(...page[list]);
    if (page.next === null) break;
    after = page.next;
  }
  return entries;
}
