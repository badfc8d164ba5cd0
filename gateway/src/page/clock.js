/** The only place of the page that reads the time or waits. */

/** How far the gateway's clock is ahead of this computer's, ms. */
let aheadMs = 0;

let isSet = false;

/** Takes the gateway's time from an event. */
export const setGatewayTime = (nowMs) => {
  aheadMs = nowMs - Date.now();
  isSet = true;
};

/** Until an event has brought the time: an answer's `Date`, in whole seconds, since its body may come from a cache. */
export const noteAnswerTime = (date) => {
  const nowMs = Date.parse(date ?? "");
  if (!isSet && !Number.isNaN(nowMs)) aheadMs = nowMs + 500 - Date.now();
};

/** Time at the gateway, ms since the Unix epoch: ages are right on a computer whose clock is wrong. */
export const gatewayNow = () => Date.now() + aheadMs;

export const systemClock = {
  now: () => performance.now(),
  /** Calls again and again; returns how to stop. */
  every(ms, call) {
    const timer = setInterval(call, ms);
    return () => clearInterval(timer);
  },
  /** Calls once; returns how to stop. */
  after(ms, call) {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};
